/** A whole run with a compressor that learns, in engine processes of its own: training, resuming, answering. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAnsweringModel } from '../../../../src/main/engine/generate/loaded-model.ts';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../../../../src/main/studio/engine-environment.ts';
import { fingerprint, newRun, resumedRun, runEngine, runUpTo, writeRecipe } from '../../../helpers/engine-runs.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';

const SAVE_EVERYWHERE = fileURLToPath(new URL('../../../helpers/train-and-save-everywhere.ts', import.meta.url));
const NAME = /^compressors\.parametric\.layer_\d\.stride_4\.weight$/;

let folder: string;
let run: string;
let dataset: string;

const STAGES = [{ compression: '16/4:parametric' }, { compression: 'none' }];
const OPTIMIZER = { lr: 1e-3, batchSize: 4, accumulate: 2, steps: 4 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-parametric-'));
  ({ train: dataset } = await tinyDataset({ images: 12, size: 48 }, join(folder, 'data')));
  const recipe = writeRecipe(join(folder, 'recipe.yaml'), dataset, { optimizer: OPTIMIZER, stages: STAGES });
  const job = JSON.stringify({ ...newRun(recipe, folder, 'run'), execution: 'graph' });
  execFileSync(process.execPath, [...ENGINE_EXEC_ARGV, SAVE_EVERYWHERE, job], { env: engineEnvironment() });
  run = join(folder, 'run');
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('saves what the compressor has learnt beside the model, and counts it', async () => {
  expect(readdirSync(join(run, 'final'))).toContain('compressors.safetensors');
  const [[name, weight] = ['', undefined], ...more] = await readAllTensors(
    join(run, 'final', 'compressors.safetensors'),
  );
  expect(name).toMatch(NAME);
  expect(more).toEqual([]);
  const [D = 0] = weight?.shape ?? [];
  expect(weight?.shape).toEqual([D, 4 * D]);
  // Off the diagonals of the taps it began at 0.
  expect(weight?.data[1]).not.toBe(0);
});

it('resumes to the same bits', async () => {
  const copy = runUpTo(run, 'step-1', join(folder, 'resumed'));
  const { outcome } = await runEngine(resumedRun(copy));
  expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished', step: 4 } });
  expect(fingerprint(copy)).toEqual(fingerprint(run));
  const bytes = (of: string): Buffer => readFileSync(join(of, 'final', 'compressors.safetensors'));
  expect(bytes(copy).equals(bytes(run))).toBe(true);
}, 120_000);

it('answers with it', async () => {
  const model = await loadAnsweringModel(run);
  expect([...model.weights.keys()].filter((name) => NAME.test(name))).toHaveLength(1);
  model.dispose();
});
