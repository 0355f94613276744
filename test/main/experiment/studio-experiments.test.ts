import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  experimentDetailSchema,
  experimentListSchema,
  experimentReportSchema,
  type ExperimentDetail,
} from '../../../src/shared/api/experiments.ts';
import { loadRecipe } from '../../../src/main/studio/presets.ts';
import type { StudioJob } from '../../../src/shared/api/jobs.ts';
import type { RunSummary } from '../../../src/shared/api/runs.ts';
import { experimentSchema } from '../../../src/shared/experiment/experiment.ts';
import { formatRecipe } from '../../../src/shared/recipe-yaml.ts';
import { serveForTest, until, type TestStudio } from '../../helpers/served-studio.ts';

const RUNS = ['try-full-seed0', 'try-two-seed0'];
/** What the experiment makes of the recipe of its first run. */
const SET = ['data.train=nowhere.jsonl', 'name=try-full', 'seed=0'];
const OTHER = formatRecipe(loadRecipe('easy-vqa-reproduce', ['data.train=nowhere.jsonl']));

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

  it('lists the others where the file of one is damaged', async () => {
    const folder = join(studio.workspace, 'experiments/damaged');
    mkdirSync(folder);
    writeFileSync(join(folder, 'experiment.json'), '{"name": "dam');
    const { experiments } = experimentListSchema.parse(await studio.json('/experiments'));
    const names = experiments.map(({ name }) => name);
    expect(names).toContain('try');
    expect(names).not.toContain('damaged');
  });

  it('takes a run for done only while its answers are those to the questions as they are', async () => {
    await finished();
    expect(statesOf(await detail())).toEqual(['done', 'done']);
    writeFileSync(join(studio.workspace, 'questions.jsonl'), 'other');
    expect(statesOf(await detail())).toEqual(['waiting', 'waiting']);
    writeFileSync(join(studio.workspace, 'questions.jsonl'), '');
    const record = join(studio.workspace, 'runs/try-two-seed0/run.json');
    const began = JSON.parse(readFileSync(record, 'utf8')) as object;
    writeFileSync(record, JSON.stringify({ ...began, createdAt: '2020-01-01T00:00:00.000Z' }));
    expect(statesOf(await detail())).toEqual(['done', 'waiting']);
  }, 100_000);

  it('ends as cancelled where its training is stopped from the page of the run', async () => {
    await studio.json('/experiments/try/start', {});
    await until(async () => (await allRuns()).some(({ step }) => step > 0));
    await studio.json(`/runs/${RUNS[0]}/actions`, { action: 'stop' });
    await until(async () => !(await detail()).experiment.isRunning);
    const { jobs } = await studio.json<{ jobs: StudioJob[] }>('/jobs');
    expect(jobs.find(({ kind }) => kind === 'experiment')).toMatchObject({ state: 'cancelled', subject: 'try' });
  }, 100_000);

  /** Another training that does not end by itself, so that those of the experiment wait in the queue. */
  async function occupy(): Promise<void> {
    await studio.json('/runs', { yaml: OTHER, name: 'other' });
    await until(async () => (await allRuns()).some(({ name, step }) => name === 'other' && step > 0));
    await studio.json('/runs/other/actions', { action: 'pause' });
    await studio.json('/experiments/try/start', {});
    await until(async () => (await allRuns()).some(({ state }) => state === 'queued'));
  }

  it.each(['removed', 'held'])(
    'ends where its waiting run is %s',
    async (how) => {
      await occupy();
      if (how === 'removed') await studio.json(`/runs/${RUNS[0]}`, undefined, 'DELETE');
      else {
        const { jobs } = await studio.json<{ jobs: StudioJob[] }>('/jobs');
        const job = jobs.find(({ subject }) => subject === RUNS[0]);
        await studio.json(`/jobs/${job?.id}`, undefined, 'DELETE');
      }
      await until(async () => !(await detail()).experiment.isRunning);
      expect((await allRuns()).map(({ name }) => name).sort()).toEqual(
        how === 'removed' ? ['other'] : ['other', RUNS[0]],
      );
    },
    100_000,
  );

  it('tells that a run is gone which never had its turn', async () => {
    const gone: string[] = [];
    studio.served.studio.events.listen(({ event }) => {
      if (event.kind === 'run-removed') gone.push(event.name);
    });
    await occupy();
    await studio.json('/experiments/try/stop', {});
    await until(async () => !(await detail()).experiment.isRunning);
    expect(gone).toEqual([RUNS[0]]);
  }, 100_000);

  it('waits for a run that somebody else asked for', async () => {
    await occupy();
    await studio.json('/experiments/try/stop', {});
    await until(async () => !(await detail()).experiment.isRunning);
    const yaml = formatRecipe(loadRecipe('easy-vqa-reproduce', SET));
    await studio.json('/runs', { yaml, name: RUNS[0] });
    await studio.json('/experiments/try/start', {});
    await until(async () => statesOf(await detail())[0] === 'training');
    await studio.json('/runs/other/actions', { action: 'stop' });
    const found = await until(async () => {
      const now = await detail();
      return !now.experiment.isRunning && now;
    });
    expect(found.experiment.failure).toBeUndefined();
    expect(statesOf(found)).toEqual(['done', 'done']);
  }, 100_000);

  it('says why it cannot begin', async () => {
    const refused = await studio.ask('/api/experiments/easy-vqa-schemes/start', { method: 'POST' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('test.data: is not there');
    expect((await studio.ask('/api/experiments/try/stop', { method: 'POST' })).status).toBe(409);
  });
});
