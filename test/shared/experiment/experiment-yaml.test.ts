import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/shared/experiment/experiment-yaml.ts';
import { plannedRuns } from '../../../src/shared/experiment/experiment.ts';

const SOUND = `name: try
recipe: easy-vqa-reproduce
set: [optimizer.steps=4]
schemes:
  - { label: full, compressions: [1/4] }
  - { label: wide, recipe: other.yaml, set: [scheme=two-stage] }
seeds: [3, 1]
test: { data: test.jsonl, compressions: [none] }
baseline: full
`;

const problem = (from: string, to: string): (() => unknown) => {
  expect(SOUND).toContain(from);
  return () => parseExperiment(SOUND.replace(from, to), 'e.yaml');
};

describe('an experiment file', () => {
  it('plans all schemes of a seed before the next seed', () => {
    const runs = plannedRuns(parseExperiment(SOUND, 'e.yaml'));
    expect(runs.map(({ run }) => run)).toEqual([
      'try-full-seed3',
      'try-wide-seed3',
      'try-full-seed1',
      'try-wide-seed1',
    ]);
    expect(runs[0]).toEqual({
      ...{ label: 'full', seed: 3, run: 'try-full-seed3', recipe: 'easy-vqa-reproduce' },
      set: ['optimizer.steps=4', 'name=try-full', 'seed=3'],
      compressions: ['none', '1/4'],
    });
    expect(runs[1]).toMatchObject({
      recipe: 'other.yaml',
      set: ['optimizer.steps=4', 'scheme=two-stage', 'name=try-wide', 'seed=3'],
    });
  });

  it.each([
    ['label: wide', 'labels: wide', 'e.yaml:6:7: schemes[1].labels: is no field of an experiment. Did you mean label?'],
    ['baseline: full', 'baseline: none', 'e.yaml:9:11: baseline: must be one of full, wide (found "none")'],
    ['label: wide', 'label: full', 'e.yaml:6:14: schemes[1].label: must not be that of another scheme (found "full")'],
    ['[3, 1]', '[3, 3]', 'e.yaml:7:12: seeds[1]: must not come twice (found 3)'],
    ['[1/4]', '[1-4]', "e.yaml:5:35: schemes[0].compressions[0]: must be 'none' or points K/S"],
    ['label: wide', 'label: Wide Stage', 'schemes[1].label: must be up to 40 of a-z, 0-9 and -'],
    ['seeds: [3, 1]', 'seeds: []', 'e.yaml:7:8: seeds: must have 1 or more entries'],
    ['recipe: easy-vqa-reproduce\n', '', 'schemes[0]: needs a recipe: the experiment has none for all of them'],
    ['data: test.jsonl, ', '', 'test.data: is missing: it must be text'],
    ['seeds: [3, 1]', 'seeds: [3, 1', 'e.yaml:8:1'],
  ])('%s → %s', (from, to, message) => {
    expect(problem(from, to)).toThrow(message);
  });
});
