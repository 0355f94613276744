import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dataset, DatasetDetail } from '../../../../src/shared/api/datasets.ts';
import type { StudioEvent } from '../../../../src/shared/api/events.ts';
import {
  studyDetailSchema,
  studyListSchema,
  studySummarySchema,
  type StudyDetail,
} from '../../../../src/shared/api/studies.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

const PATIENCE_MS = 120_000;
const MODEL = 'models/tiny';
const GRID = { layers: [1], strides: [2, 4], compressors: ['average-pool'] };
let studio: TestStudio;
let dataset: Dataset;
const heard: StudioEvent[] = [];

beforeAll(async () => {
  studio = await serveForTest(undefined, 'real');
  studio.served.studio.events.listen(({ event }) => heard.push(event));
  const { train } = await tinyDataset({ images: 9 }, join(studio.workspace, 'data', 'tiny'));
  await saveTinyModel(join(studio.workspace, MODEL), train);
  const { id } = await studio.json<Dataset>('/datasets', { path: 'data/tiny/train.jsonl' });
  dataset = await until(async () => {
    const found = (await studio.json<DatasetDetail>(`/datasets/${id}`)).dataset;
    return found.state === 'ready' && found;
  });
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

const begin = (changes: Record<string, unknown> = {}): Promise<unknown> =>
  studio.json('/studies/redundancy', {
    model: MODEL,
    dataset: dataset.id,
    ...GRID,
    questions: 4,
    maxTokens: 2,
    ...changes,
  });
const path = '/studies/redundancy/redundancy-tiny';
const detail = async (): Promise<StudyDetail> => studyDetailSchema.parse(await studio.json(path));

it(
  'asks a study, tells how far it is, shows and exports what it found, and resumes one that was cut off',
  async () => {
    expect(await begin()).toMatchObject({ name: 'redundancy-tiny', state: 'running', total: 4, depth: 3 });
    const { study, result } = await until(async () => {
      const found = await detail();
      if (found.study.state === 'failed') throw new Error(found.study.failure?.details);
      return found.study.state === 'done' && found;
    });
    expect(study).toMatchObject({ done: 4, compressions: ['none', '1/2', '1/4'] });
    expect(result).toMatchObject({ questions: 4, points: [{ compression: '1/2' }, { compression: '1/4' }] });
    const job = heard.findLast((event) => event.kind === 'job' && event.job.kind === 'study');
    expect(job).toMatchObject({ job: { state: 'done', subject: 'redundancy-tiny' } });
    const told = heard.filter((event) => event.kind === 'study');
    expect(told.some(({ progress }) => progress?.done === 4)).toBe(true);
    expect(told.at(-1)?.study.state).toBe('done');
    expect(await studio.served.studio.snapshot()).toMatchObject({ studies: [{ name: 'redundancy-tiny' }] });

    const file = await studio.ask(`/api${path}/export?format=csv`);
    expect(file.headers['content-disposition']).toBe('attachment; filename="redundancy-tiny.csv"');
    expect(file.text.trim().split('\n')).toHaveLength(4);
    expect((await studio.ask(`/api${path}/export?format=markdown`)).text).toContain('# Test-time redundancy');

    // As a studio's end leaves it: some answers, no result.
    const folder = join(studio.workspace, 'studies', 'redundancy-tiny');
    const answers = join(folder, 'answers.jsonl');
    const lines = readFileSync(answers, 'utf8').trim().split('\n');
    writeFileSync(answers, `${lines.slice(0, 3).join('\n')}\n`);
    rmSync(join(folder, 'result.json'));
    const cut = await detail();
    expect(cut.study).toMatchObject({ state: 'interrupted', done: 3 });
    expect(cut.result?.questions).toBe(3);
    expect(await studio.json(`${path}/resume`, {})).toMatchObject({ state: 'running' });
    expect((await studio.ask(`/api${path}`, { method: 'DELETE' })).status).toBe(409);
    const again = await until(async () => {
      const found = await detail();
      return found.study.state === 'done' && found;
    });
    expect(again.result!.points.map(({ score }) => score)).toEqual(result!.points.map(({ score }) => score));
  },
  PATIENCE_MS,
);

it.each([
  [{ layers: [1, 3] }, '3/2:average-pool'],
  [{ compressors: ['mean'] }, 'compressors[0]'],
  [{ model: 'tiny' }, 'size without weights'],
  [{ strides: [] }, 'strides'],
])('refuses %j before it starts', async (changes, message) => {
  await expect(begin(changes)).rejects.toThrow(message);
  expect(studyListSchema.parse(await studio.json('/studies/redundancy')).studies).toHaveLength(1);
  expect(readdirSync(join(studio.workspace, 'studies'))).toEqual(['redundancy-tiny']);
});

it(
  'gives studies that begin at the same moment a folder each',
  async () => {
    const names = (await Promise.all([begin(), begin({ seed: 1 })])).map(
      (study) => studySummarySchema.parse(study).name,
    );
    expect(names.sort()).toEqual(['redundancy-tiny-2', 'redundancy-tiny-3']);
    const asked = await Promise.all(names.map((name) => studio.json(`/studies/redundancy/${name}`)));
    const seeds = asked.map((one) => studyDetailSchema.parse(one).study.request.seed);
    expect(seeds.sort()).toEqual([0, 1]);
    for (const name of names) {
      await until(async () => {
        const { study } = studyDetailSchema.parse(await studio.json(`/studies/redundancy/${name}`));
        return study.state === 'done';
      });
      await studio.json(`/studies/redundancy/${name}`, undefined, 'DELETE');
    }
  },
  PATIENCE_MS,
);

it('knows nothing outside its folder, and nothing to stop or resume where nothing is', async () => {
  for (const name of ['absent', '..', '%2e%2e%2fruns', '.lock']) {
    expect([400, 404]).toContain((await studio.ask(`/api/studies/redundancy/${name}`)).status);
  }
  expect((await studio.ask(`/api${path}/cancel`, { method: 'POST' })).status).toBe(409);
  expect((await studio.ask(`/api${path}/resume`, { method: 'POST' })).status).toBe(409);
});

it('deletes a study with its folder', async () => {
  await studio.json(path, undefined, 'DELETE');
  expect(existsSync(join(studio.workspace, 'studies', 'redundancy-tiny'))).toBe(false);
  expect(heard.at(-1)).toEqual({ kind: 'study-removed', name: 'redundancy-tiny' });
});
