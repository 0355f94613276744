/**
 * The reliability contract: N steps straight equal k steps, a new process and N − k steps, bit for bit, for every k. Runs
 * are in graph mode unless they say otherwise.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExecutionMode } from '../../../../src/shared/execution-mode.ts';
import type { RunRecord } from '../../../../src/shared/run-record.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../../../../src/main/studio/engine-environment.ts';
import {
  discard,
  fingerprint,
  newRun,
  resumedRun,
  runEngine,
  runUpTo,
  writeRecipe,
} from '../../../helpers/engine-runs.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';

const SAVE_EVERYWHERE = fileURLToPath(new URL('../../../helpers/train-and-save-everywhere.ts', import.meta.url));

const HOOK_TIMEOUT_MS = 120_000;
// One process for each core: most of a short run is starting.
vi.setConfig({ maxConcurrency: 2 });

let folder: string;
let dataset: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-resume-'));
  ({ train: dataset } = await tinyDataset({ images: 18, size: 48 }, join(folder, 'data')));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains in a process of its own that saves after every micro-batch, and returns the run's folder. */
function trainAndSaveEverywhere(recipe: string, name: string, execution: ExecutionMode = 'graph'): string {
  const job = JSON.stringify({ ...newRun(recipe, folder, name), execution });
  execFileSync(process.execPath, [...ENGINE_EXEC_ARGV, SAVE_EVERYWHERE, job], { env: engineEnvironment() });
  return join(folder, name);
}

async function trainStraight(recipe: string, name: string): Promise<string> {
  const { outcome } = await runEngine(newRun(recipe, folder, name));
  expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished' } });
  return join(folder, name);
}

describe('resume in a new process', () => {
  // Six steps of two micro-batches; the stages change after steps 2 and 4.
  const positions = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? `step-${i / 2}.1` : `step-${(i + 1) / 2}`));
  let straight: unknown;
  let saved: string;

  beforeAll(async () => {
    const recipe = writeRecipe(join(folder, 'instruct.yaml'), dataset);
    straight = fingerprint(await trainStraight(recipe, 'straight'));
    saved = trainAndSaveEverywhere(recipe, 'saved');
  }, HOOK_TIMEOUT_MS);

  it('is not disturbed by taking checkpoints', () => {
    expect(readdirSync(join(saved, 'checkpoints')).sort()).toEqual([...positions].sort());
    expect(fingerprint(saved)).toEqual(straight);
  });

  it.concurrent.each(positions.slice(0, -1))('from %s ends with the same bits', async (position) => {
    const copy = runUpTo(saved, position, join(folder, `from-${position}`));
    const { outcome } = await runEngine(resumedRun(copy));
    expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished', step: 6 } });
    expect(fingerprint(copy)).toEqual(straight);
    discard(copy);
  });
});

describe('resume with cached features in a new process', () => {
  // In the second pass over the data, where images meet others than those they were first computed for.
  it('ends with the same bits', async () => {
    const recipe = writeRecipe(join(folder, 'cached.yaml'), dataset, { train: { cacheFeatures: true } });
    const saved = trainAndSaveEverywhere(recipe, 'cached-saved');
    const copy = runUpTo(saved, 'step-4.1', join(folder, 'cached-resumed'));
    await runEngine(resumedRun(copy));
    expect(fingerprint(copy)).toEqual(fingerprint(saved));
  });
});

describe('resume of an eager run in a new process', () => {
  it('goes on eagerly by itself, and ends with the same bits', async () => {
    const recipe = writeRecipe(join(folder, 'eager.yaml'), dataset);
    const saved = trainAndSaveEverywhere(recipe, 'eager-saved', 'eager');
    const copy = runUpTo(saved, 'step-3.1', join(folder, 'eager-resumed'));
    await runEngine(resumedRun(copy));
    expect(fingerprint(copy)).toEqual(fingerprint(saved));
    const { sessions } = JSON.parse(readFileSync(join(copy, 'run.json'), 'utf8')) as RunRecord;
    expect(sessions.map(({ execution }) => execution)).toEqual(['eager', 'eager']);
  });
});

/** Every picture with one and the same question, which a tower can be trained to classify. */
function classificationData(file: string): string {
  const lines = readFileSync(dataset, 'utf8').trimEnd().split('\n');
  const samples = lines.map((line, i) => ({
    ...(JSON.parse(line) as object),
    conversations: [
      { from: 'human', value: '<image>\nIs it odd?' },
      { from: 'gpt', value: i % 2 === 0 ? 'no' : 'yes' },
    ],
  }));
  writeFileSync(file, samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
  return file;
}

describe('resume of a vision tower’s training in a new process', () => {
  it('ends with the same bits', async () => {
    const recipe = writeRecipe(join(folder, 'vision.yaml'), dataset, {
      phase: 'vision',
      data: { train: classificationData(join(folder, 'data', 'odd.jsonl')) },
      optimizer: { lr: 1e-3, batchSize: 4, steps: 4 },
      vision: { minimumQuestionCount: 2 },
      stages: undefined,
    });
    const saved = trainAndSaveEverywhere(recipe, 'vision-saved');
    const copy = runUpTo(saved, 'step-2', join(folder, 'vision-resumed'));
    await runEngine(resumedRun(copy));
    expect(fingerprint(copy)).toEqual(fingerprint(saved));
  });
});
