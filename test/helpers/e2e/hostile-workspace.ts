/** A studio whose data, names and trained model are full of text that must stay text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { BatchDetail, BatchSummary } from '../../../src/shared/api/compare.ts';
import type { Dataset, DatasetDetail } from '../../../src/shared/api/datasets.ts';
import type { StudyDetail, StudySummary } from '../../../src/shared/api/studies.ts';
import type { RunSummary } from '../../../src/shared/api/runs.ts';
import { until, type TestStudio } from '../served-studio.ts';
import { tinyDataset } from '../tiny-dataset.ts';
import type { ShownStudio } from './all-screens.ts';

/** Texts that a page must show and never obey. */
export const HOSTILE = {
  element: '<img src=x onerror=alert(1)>',
  script: '<script>alert(2)</script>',
  link: '<a href="javascript:alert(3)">here</a>',
  formula: '=HYPERLINK("http://evil.example","here")',
} as const;

const recordSchema = z.looseObject({
  conversations: z.array(z.strictObject({ from: z.string(), value: z.string() })).min(2),
});
type SampleRecord = z.infer<typeof recordSchema>;

function rewrite(file: string, change: (record: SampleRecord, place: number) => unknown): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const records = lines.map((line, place) => change(recordSchema.parse(JSON.parse(line)), place));
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

/** Every answer is an element: that is what a model learns to say. */
const withHostileAnswers = (record: SampleRecord): SampleRecord => ({
  ...record,
  conversations: record.conversations.map((turn) =>
    turn.from === 'gpt' ? { ...turn, value: HOSTILE.element } : { ...turn, value: `${turn.value} ${HOSTILE.script}` },
  ),
});

const ODD_ANSWERS = [HOSTILE.formula, HOSTILE.link, HOSTILE.script, HOSTILE.element];

/** Answers of every kind, and a last record that cannot be trained on. */
function withOddAnswers(record: SampleRecord, place: number): unknown {
  const conversations = record.conversations.map((turn) =>
    turn.from === 'gpt' ? { ...turn, value: ODD_ANSWERS[place % ODD_ANSWERS.length] } : turn,
  );
  return place < ODD_ANSWERS.length
    ? { ...record, conversations }
    : { ...record, id: HOSTILE.element, image: `${HOSTILE.element}.png`, conversations };
}

/** Generous: other tests may have the processor, and each step starts an engine. */
const PATIENCE_MS = 300_000;

async function imported(studio: TestStudio, path: string, name: string): Promise<Dataset> {
  const { id } = await studio.json<Dataset>('/datasets', { path, name });
  return until(async () => {
    const { dataset } = await studio.json<DatasetDetail>(`/datasets/${id}`);
    return dataset.state !== 'importing' && dataset;
  }, PATIENCE_MS);
}

const recipeOf = (steps: number, stages: readonly string[]): string =>
  // JSON is YAML.
  JSON.stringify({
    ...{ name: `${HOSTILE.element} recipe`, description: HOSTILE.script, model: { from: 'tiny' } },
    data: { train: 'data/hostile/train.jsonl', maxLength: 256 },
    train: { cacheFeatures: true },
    optimizer: { lr: 2e-3, batchSize: 8, steps },
    checkpoint: { every: Math.ceil(steps / 2), keep: 2 },
    ...{ stages: stages.map((compression) => ({ compression })), stageDepth: 4 },
  });

async function trained(studio: TestStudio, name: string, yaml: string): Promise<string> {
  await studio.json('/runs', { yaml, name, title: `${HOSTILE.element} ${name}`, tags: [HOSTILE.script] });
  return until(async () => {
    const { runs } = await studio.json<{ runs: RunSummary[] }>('/runs');
    const run = runs.find((one) => one.name === name);
    if (run?.state === 'failed') throw new Error(run.failure?.details ?? run.failure?.cause);
    return run?.state === 'finished' && run.hasModel && name;
  }, PATIENCE_MS);
}

async function studied(studio: TestStudio, dataset: string): Promise<void> {
  const grid = { layers: [1, 2], strides: [4, 8], compressors: ['average-pool'], questions: 10 };
  const { name } = await studio.json<StudySummary>('/studies/redundancy', {
    ...{ dataset, model: 'runs/staged/final', ...grid },
  });
  await until(async () => {
    const { study } = await studio.json<StudyDetail>(`/studies/redundancy/${name}`);
    if (study.state === 'failed') throw new Error(study.failure?.details ?? study.failure?.cause);
    return study.state === 'done';
  }, PATIENCE_MS);
}

/** Steps after which the tiny model says nothing but the one answer of its data. */
const STEPS = 60;

/** Fills the workspace of a studio with a real engine: two datasets, two trained runs, a batch of questions, a study. */
export async function fillHostileWorkspace(studio: TestStudio): Promise<ShownStudio> {
  const { train, test } = await tinyDataset({ images: 15, size: 64 }, join(studio.workspace, 'data', 'hostile'));
  rewrite(train, withHostileAnswers);
  rewrite(test, withOddAnswers);
  await imported(studio, 'data/hostile/train.jsonl', `${HOSTILE.element} train`);
  const { id: dataset } = await imported(studio, 'data/hostile/test.jsonl', `${HOSTILE.script} test`);
  const runs = [
    await trained(studio, 'staged', recipeOf(STEPS, ['1/8', 'none'])),
    await trained(studio, 'full', recipeOf(STEPS / 3, ['none'])),
  ];
  const request = { dataset, model: 'runs/staged/final', compressions: ['none', '1/8'], count: 10, maxTokens: 40 };
  const { id } = await studio.json<BatchSummary>('/compare/batches', request);
  await until(async () => {
    const { batch } = await studio.json<BatchDetail>(`/compare/batches/${id}`);
    if (batch.state === 'failed') throw new Error(batch.failure?.details ?? batch.failure?.cause);
    return batch.state === 'done';
  }, PATIENCE_MS);
  await studied(studio, dataset);
  return { origin: `http://127.0.0.1:${studio.served.port}`, runs, dataset, sample: 0 };
}
