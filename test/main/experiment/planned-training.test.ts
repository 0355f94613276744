import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answersKey, questionsJob } from '../../../src/main/experiment/kept-answers.ts';
import { findPlannedRun, planTrainings } from '../../../src/main/experiment/planned-training.ts';
import { experimentSchema } from '../../../src/shared/experiment/experiment.ts';
import { writeRun } from '../../helpers/run-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

it('names what is prepared by its recipe file, where it has no name of its own', () => {
  const experiment = experimentSchema.parse({
    ...{ name: 'try', recipe: 'reproduce', seeds: [0], baseline: 'full', schemes: [{ label: 'full' }] },
    prepare: [{ recipe: 'shapes-tower' }, { recipe: 'resources/recipes/motion.yaml' }, { recipe: 'lora', run: 'mine' }],
    test: { data: 'test.jsonl' },
  });
  expect(planTrainings(experiment).prepare.map(({ run }) => run)).toEqual(['shapes-tower', 'motion', 'mine']);
});

it('asks for a name where the recipe file has none that a folder could have', () => {
  const experiment = experimentSchema.safeParse({
    ...{ name: 'try', recipe: 'reproduce', seeds: [0], baseline: 'full', schemes: [{ label: 'full' }] },
    ...{ prepare: { recipe: 'my recipes/a tower.yaml' }, test: { data: 'test.jsonl' } },
  });
  expect(experiment.error?.issues).toMatchObject([{ path: ['prepare', 0, 'run'] }]);
});

it.each([
  ['finished', undefined],
  ['stopped', 'was begun in another working folder'],
] as const)('a run that was begun elsewhere and is %s', (state, refusal) => {
  const experiment = experimentSchema.parse({
    ...{ name: 'try', recipe: 'easy-vqa-reproduce', seeds: [0], baseline: 'full', schemes: [{ label: 'full' }] },
    ...{ set: ['data.train=nowhere.jsonl'], test: { data: 'test.jsonl' } },
  });
  const runs = temporaryFolder();
  const [scheme] = planTrainings(experiment).schemes;
  if (!scheme) throw new Error('there is one');
  writeRun(join(runs, scheme.run), { recipe: 'easy-vqa-reproduce', overrides: [...scheme.set], state });
  const find = () => findPlannedRun(scheme, { runs, experiments: runs });
  if (refusal === undefined) expect(find()?.record.state).toBe('finished');
  else expect(find).toThrow(refusal);
});

it('asks of a video as many frames as the recipe trains on', () => {
  const experiment = experimentSchema.parse({
    ...{ name: 'try', recipe: 'motion', seeds: [0], baseline: 'two', test: { data: 'clips.jsonl' } },
    schemes: [{ label: 'two' }, { label: 'three', set: ['data.frames=3'] }],
  });
  const runs = temporaryFolder();
  const frames = planTrainings(experiment).schemes.map((scheme) => {
    writeRun(join(runs, scheme.run), { recipe: 'motion', overrides: [...scheme.set] });
    const found = findPlannedRun(scheme, { runs, experiments: runs });
    if (!found) throw new Error('it is there');
    return questionsJob(experiment, found, answersKey(experiment, found, scheme, 'ab'), scheme).frames;
  });
  expect(frames).toEqual([2, 3]);
});
