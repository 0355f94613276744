import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  experimentDetailSchema,
  experimentListSchema,
  experimentReportSchema,
  type ExperimentDetail,
} from '../../../src/shared/api/experiments.ts';
import type { RunSummary } from '../../../src/shared/api/runs.ts';
import { experimentSchema } from '../../../src/shared/experiment/experiment.ts';
import { serveForTest, until, type TestStudio } from '../../helpers/served-studio.ts';

const RUNS = ['try-full-seed0', 'try-two-seed0'];

/** A studio that knows an experiment of two schemes and one seed; its engine trains nothing and answers two questions. */
describe('experiments in the studio', () => {
  let studio: TestStudio;

  beforeEach(async () => {
    studio = await serveForTest();
    const experiment = experimentSchema.parse({
      ...{ name: 'try', recipe: 'easy-vqa-reproduce', seeds: [0], baseline: 'full' },
      set: ['data.train=nowhere.jsonl'],
      schemes: [{ label: 'full' }, { label: 'two', set: ['scheme=two-stage'] }],
      test: { data: 'questions.jsonl' },
    });
    const folder = join(studio.workspace, 'experiments/try');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'experiment.json'), JSON.stringify(experiment));
    writeFileSync(join(studio.workspace, 'questions.jsonl'), '');
  });
  afterEach(() => studio.close());

  const detail = async (): Promise<ExperimentDetail> =>
    experimentDetailSchema.parse(await studio.json('/experiments/try'));
  const statesOf = ({ experiment }: ExperimentDetail): string[] => experiment.runs.map(({ state }) => state);

  const allRuns = async (): Promise<RunSummary[]> => (await studio.json<{ runs: RunSummary[] }>('/runs')).runs;

  /** Starts or goes on, and waits until nothing happens any more. */
  async function finished(): Promise<ExperimentDetail> {
    await studio.json('/experiments/try/start', {});
    return until(async () => {
      const found = await detail();
      return !found.experiment.isRunning && found;
    });
  }

  it('lists those of the program and those that were run here', async () => {
    const { experiments } = experimentListSchema.parse(await studio.json('/experiments'));
    expect(experiments.map(({ name }) => name)).toEqual(expect.arrayContaining(['easy-vqa-schemes', 'try']));
    expect(experiments.find(({ name }) => name === 'try')).toMatchObject({
      ...{ schemes: ['full', 'two'], isRunning: false },
      runs: RUNS.map((run) => ({ run, state: 'waiting' })),
    });
    expect((await studio.ask('/api/experiments/other')).status).toBe(404);
  });

  it('trains its runs in turn through the queue, stops, goes on, and gives the page of results', async () => {
    expect((await studio.ask('/api/experiments/try/report')).status).toBe(400);
    await studio.json('/experiments/try/start', {});
    const again = await studio.ask('/api/experiments/try/start', { method: 'POST' });
    expect(again.status).toBe(409);
    await until(async () => (await allRuns()).some(({ step }) => step > 0));
    expect(statesOf(await detail())).toContain('training');
    await studio.json('/experiments/try/stop', {});
    await until(async () => !(await detail()).experiment.isRunning);
    // The training that was stopped has saved.
    expect(['stopped', 'finished']).toContain((await allRuns())[0]?.state);

    const found = await finished();
    expect(statesOf(found)).toEqual(['done', 'done']);
    expect(found.experiment.failure).toBeUndefined();
    expect(found.result).toMatchObject({
      ...{ questions: 2, missing: [] },
      schemes: [
        { name: 'full', isBaseline: true, accuracy: { mean: 50 } },
        { name: 'two', comparison: { difference: 0, verdict: 'too-few-seeds', paired: { lost: 0, gained: 0 } } },
      ],
    });
    const { files } = experimentReportSchema.parse(await studio.json('/experiments/try/report'));
    expect(files.map(({ name }) => name)).toEqual(['try.md', 'try-loss.svg']);
    expect(files[0]?.content).toContain('**two**: **too few seeds to say**');
    expect(files[0]?.content).toContain('](try-loss.svg)');
    // The page goes to other people: it names no folder of this machine.
    expect(files[0]?.content).toContain('--out experiments/try/try.md');
    const tagged = (await allRuns()).map(({ name, tags }) => [name, tags]);
    expect(tagged.sort()).toEqual(RUNS.map((run) => [run, ['try']]));
  }, 200_000);

  it('says why it cannot begin', async () => {
    const refused = await studio.ask('/api/experiments/easy-vqa-schemes/start', { method: 'POST' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('test.data: is not there');
    expect((await studio.ask('/api/experiments/try/stop', { method: 'POST' })).status).toBe(409);
  });
});
