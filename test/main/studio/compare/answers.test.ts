import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StudioEvent } from '../../../../src/shared/api/events.ts';
import type { Dataset, DatasetDetail } from '../../../../src/shared/api/datasets.ts';
import { askSchema, batchDetailSchema, type Ask, type BatchSummary } from '../../../../src/shared/api/compare.ts';
import { probeSchema, type Probe } from '../../../../src/shared/api/recipes.ts';
import { Batches } from '../../../../src/main/studio/compare/batches.ts';
import { PUBLISHED, writeFiles, writeMedia } from '../../../helpers/benchmark-files.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';
import { blockFile, blockFolder, noticesOf } from '../../../helpers/unwritable.ts';

const PATIENCE_MS = 120_000;
const MODEL = 'models/tiny-random';
let studio: TestStudio;
let dataset: Dataset;
const heard: StudioEvent[] = [];

beforeAll(async () => {
  studio = await serveForTest(undefined, 'real');
  studio.served.studio.events.listen(({ event }) => heard.push(event));
  const { train } = await tinyDataset({ images: 12 }, join(studio.workspace, 'data', 'tiny'));
  await saveTinyModel(join(studio.workspace, MODEL), train);
  const { id } = await studio.json<Dataset>('/datasets', { path: 'data/tiny/train.jsonl' });
  dataset = await until(async () => {
    const found = (await studio.json<DatasetDetail>(`/datasets/${id}`)).dataset;
    return found.state === 'ready' && found;
  });
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

const ended = (id: string): Promise<Ask> =>
  until(async () => {
    const ask = askSchema.parse(await studio.json(`/compare/asks/${id}`));
    return ask.state !== 'running' && ask;
  });

it('answers a question at several settings by one warm engine, as events and in the history', async () => {
  const panes = [
    { model: MODEL, compression: 'none' },
    { model: MODEL, compression: '1/2' },
  ];
  const question = { question: 'What is red?', images: [{ dataset: dataset.id, sample: 0 }], maxTokens: 4, panes };
  const { id } = await studio.json<{ id: string }>('/compare/asks', question);
  const ask = await ended(id);
  expect(ask.state).toBe('done');
  expect(ask.media).toEqual([`s.${dataset.id}.0.0`]);
  expect(ask.answers.map(({ stats }) => stats?.compression)).toEqual(['none', '1/2']);
  expect(ask.answers[1]?.stats?.compressionRatio).toBeGreaterThan(100);
  const events = heard.flatMap((event) => (event.kind === 'answer' && event.ask === id ? [event.event] : []));
  const ends = events.flatMap((event) => (event.type === 'text' ? [] : [`${event.type} ${event.index}`]));
  expect(ends).toEqual(['begin 0', 'end 0', 'begin 1', 'tokens 1', 'end 1']);
  const second = await studio.json<{ id: string }>('/compare/asks', question);
  const again = await ended(second.id);
  // The same weights, seed and pictures: the same words.
  expect(again.answers.map(({ text }) => text)).toEqual(ask.answers.map(({ text }) => text));
  const { asks } = await studio.json<{ asks: Ask[] }>('/compare/history');
  expect(asks.map((one) => one.id)).toEqual([second.id, id]);
  await studio.json(`/compare/history/${id}`, undefined, 'DELETE');
  expect((await studio.ask(`/api/compare/asks/${id}`)).status).toBe(404);
});

it('tells what is wrong with a question, and goes on', async () => {
  const ask = (pane: object, images: object[] = []) =>
    studio.ask('/api/compare/asks', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'What?', images, panes: [pane] }),
    });
  expect((await ask({ model: 'models/none', compression: 'none' })).status).toBe(404);
  expect((await ask({ model: '../..', compression: 'none' })).status).toBe(404);
  expect((await ask({ model: 'tiny', compression: 'none' })).text).toContain('is a size without weights');
  expect((await ask({ model: MODEL, compression: '2' })).status).toBe(400);
  expect((await ask({ model: MODEL, compression: 'none' }, [{ media: 'u.0' }])).status).toBe(404);
  const panes = [{ model: MODEL, compression: '1/1000' }];
  const images = [{ dataset: dataset.id, sample: 1 }];
  const { id } = await studio.json<{ id: string }>('/compare/asks', { question: 'What?', images, panes });
  const failed = await ended(id);
  expect(failed).toMatchObject({
    state: 'failed',
    answers: [{ failure: { cause: expect.stringContaining('stride') as string } }],
  });
});

it('scores a batch of a benchmark’s questions by its own rule', async () => {
  const [from, images] = ['published', 'pictures'].map((name) => join(studio.workspace, name)) as [string, string];
  writeFiles(from, PUBLISHED.scienceqa);
  writeMedia(images, 'scienceqa');
  const made = { benchmark: 'scienceqa', path: 'published', images: 'pictures' };
  const { id: science } = await studio.json<Dataset>('/datasets/benchmarks', made);
  await until(async () => (await studio.json<DatasetDetail>(`/datasets/${science}`)).dataset.state === 'ready');
  const request = { dataset: science, count: 2, model: MODEL, compressions: ['none'], maxTokens: 2 };
  const { id } = await studio.json<BatchSummary>('/compare/batches', request);
  const { report } = await until(async () => {
    const found = batchDetailSchema.parse(await studio.json(`/compare/batches/${id}`));
    return found.batch.state !== 'running' && found;
  });
  expect(report?.scorer).toBe('scienceqa');
  expect(report?.settings[0]?.metrics?.map(({ name }) => name).slice(0, 3)).toEqual(['accuracy', 'IMG', 'NAT']);
}, 120_000);

it('asks a batch of drawn questions at every setting and keeps each answer', async () => {
  const compressions = ['none', '1/2', '1/4'];
  const request = { dataset: dataset.id, model: MODEL, compressions, count: 7, seed: 3, maxTokens: 4 };
  const { id } = await studio.json<BatchSummary>('/compare/batches', request);
  const batch = await until(async () => {
    const found = batchDetailSchema.parse(await studio.json(`/compare/batches/${id}`));
    return found.batch.state !== 'running' && found;
  });
  expect(batch.batch).toMatchObject({ state: 'done', done: 7, total: 7 });
  expect(batch.report?.settings.map(({ compression }) => compression)).toEqual(compressions);
  expect(batch.rows.map((row) => row.id)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  for (const [place, setting] of (batch.report?.settings ?? []).entries()) {
    expect(batch.rows.filter((row) => row.correct[place])).toHaveLength(setting.score.correct);
  }
  for (const row of batch.rows) {
    expect(row.answers).toHaveLength(3);
    expect((await studio.ask(`/api/media/${row.media[0]}`)).status).toBe(200);
  }
  const twice = await studio.json<BatchSummary>('/compare/batches', request);
  const other = await until(async () => {
    const found = batchDetailSchema.parse(await studio.json(`/compare/batches/${twice.id}?filter=disagreements`));
    return found.batch.state === 'done' && found;
  });
  expect(other.counts.all).toBe(7);
  expect(other.rows).toHaveLength(other.counts.disagreements);
});

it('ends a batch whose folder cannot be written, and says so', async () => {
  const { workspace, events, board, datasets, models } = studio.served.studio;
  const own = new Batches({ workspace, events, board, datasets, models, onRunEvaluated: () => undefined });
  const notices = noticesOf(events);
  const request = {
    dataset: dataset.id,
    model: MODEL,
    compressions: ['none'],
    count: 2,
    seed: 0,
    maxTokens: 2,
    batchSize: 2,
  };
  const { id } = await own.add(request);
  blockFolder(join(workspace.studio, 'batches', id));
  await until(() => notices.length > 0);
  expect(notices).toEqual([expect.stringMatching(/^Asking 2 questions: /)]);
  expect(own.get(id).state).toBe('failed');
  await own.remove(id);
});

it('answers the next question also where the last one could not be kept', async () => {
  const { workspace, events } = studio.served.studio;
  const notices = noticesOf(events);
  const mend = blockFile(join(workspace.studio, 'answers.json'));
  const question = { question: 'What?', images: [], maxTokens: 1, panes: [{ model: MODEL, compression: 'none' }] };
  const ids = [0, 1].map(() => studio.json<{ id: string }>('/compare/asks', question));
  for (const { id } of await Promise.all(ids)) await ended(id);
  await until(() => notices.length === 2);
  expect(notices[1]).toMatch(/^History of questions: /);
  mend();
});

it('measures a recipe without leaving a run', async () => {
  const yaml = [
    'name: measured',
    `model: { from: ${MODEL} }`,
    'data: { train: data/tiny/train.jsonl }',
    'optimizer: { lr: 1e-3, batchSize: 2, steps: 100 }',
    'stages: [{ compression: 1/2 }, { compression: none }, { compression: 1/2 }]',
    'stageDepth: 3',
  ].join('\n');
  const { id } = await studio.json<Probe>('/recipes/probe', { yaml });
  const probe = await until(async () => {
    const found = probeSchema.parse(await studio.json(`/recipes/probes/${id}`));
    return found.state !== 'running' && found;
  });
  expect(probe).toMatchObject({
    state: 'done',
    settings: 2,
    stages: [{ compression: '1/2' }, { compression: 'none' }],
  });
  expect(probe.stages.every(({ stepMs, steps }) => stepMs > 0 && steps > 0)).toBe(true);
  expect(probe.run?.savedMs).toBeGreaterThan(0);
  expect((await studio.json<{ runs: unknown[] }>('/runs')).runs).toEqual([]);
});
