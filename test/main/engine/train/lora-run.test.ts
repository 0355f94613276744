/** Whole runs with adapters, in engine processes of their own: pretraining, LoRA on its result, resuming, answering. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAnsweringModel } from '../../../../src/main/engine/generate/loaded-model.ts';
import { loadModelFolder } from '../../../../src/main/engine/model/model-folder.ts';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { buildModel } from '../../../../src/main/engine/train/build-model.ts';
import { loadRecipe } from '../../../../src/main/engine/train/recipe-file.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../../../../src/main/studio/engine-environment.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { fingerprint, newRun, resumedRun, runEngine, runUpTo, writeRecipe } from '../../../helpers/engine-runs.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { weightValues } from '../../../helpers/tensors.ts';

const SAVE_EVERYWHERE = fileURLToPath(new URL('../../../helpers/train-and-save-everywhere.ts', import.meta.url));
const HOOK_TIMEOUT_MS = 240_000;

let folder: string;
let dataset: string;
let pretrained: string;
let tuned: string;

const LORA = { parts: 'lora', lora: { rank: 4, alpha: 8, targets: ['q_proj', 'down_proj'] } };
const OPTIMIZER = { lr: 1e-3, batchSize: 4, accumulate: 2, steps: 3 };

const recipeFile = (name: string, changes: Record<string, unknown>): string =>
  writeRecipe(join(folder, `${name}.yaml`), dataset, { optimizer: OPTIMIZER, ...changes });

const recipeOf = (name: string, changes: Record<string, unknown>): Recipe => loadRecipe(recipeFile(name, changes));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-lora-'));
  ({ train: dataset } = await tinyDataset({ images: 12, size: 48 }, join(folder, 'data')));
  const first = recipeFile('pretrain', { train: { parts: 'projector' } });
  expect((await runEngine(newRun(first, folder, 'pretrained'))).outcome).toMatchObject({ type: 'done' });
  pretrained = join(folder, 'pretrained');
  const second = recipeFile('lora', {
    model: { from: pretrained },
    train: LORA,
    optimizer: { ...OPTIMIZER, lrs: { projector: 1e-4 } },
  });
  const job = JSON.stringify({ ...newRun(second, folder, 'tuned'), execution: 'graph' });
  execFileSync(process.execPath, [...ENGINE_EXEC_ARGV, SAVE_EVERYWHERE, job], { env: engineEnvironment() });
  tuned = join(folder, 'tuned');
}, HOOK_TIMEOUT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a LoRA run from the result of a pretraining', () => {
  it('saves adapters and projector, not the base again', async () => {
    const final = join(tuned, 'final');
    expect(readdirSync(final)).toContain('adapter_config.json');
    expect(readdirSync(final)).not.toContain('model.safetensors');
    const names = [...(await readAllTensors(join(final, 'adapter_model.safetensors'))).keys()];
    expect(names.every((name) => /\.lora_[AB]\.weight$|\.multi_modal_projector\./.test(name))).toBe(true);
    expect(names.some((name) => name.includes('multi_modal_projector'))).toBe(true);
    const config = JSON.parse(readFileSync(join(final, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    expect(config['base_model_name_or_path']).toBe(join(pretrained, 'final'));
  });

  it('logs the learning rate of the part that has its own', () => {
    const lines = readFileSync(join(tuned, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const metrics = lines.map((line) => JSON.parse(line) as { lr: number; lrs?: { projector: number } });
    expect(metrics.map(({ lr, lrs }) => (lrs?.projector ?? NaN) / Math.max(lr, 1e-30))).toEqual([
      expect.closeTo(0, 5),
      expect.closeTo(0.1, 8),
      expect.closeTo(0.1, 8),
    ]);
  });

  it.each(['step-0.1', 'step-1', 'step-2.1'])(
    'resumes from %s to the same bits',
    async (position) => {
      const copy = runUpTo(tuned, position, join(folder, `from-${position}`));
      const { outcome } = await runEngine(resumedRun(copy));
      expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished', step: 3 } });
      expect(fingerprint(copy)).toEqual(fingerprint(tuned));
    },
    60_000,
  );

  it('can be asked: run, final folder and checkpoint', async () => {
    for (const path of [tuned, join(tuned, 'final'), join(tuned, 'checkpoints', 'step-2')]) {
      const model = await loadAnsweringModel(path);
      expect([...model.weights.keys()].some((name) => name.includes('lora_'))).toBe(false);
      model.dispose();
    }
  });
});

describe('a run that starts from another’s result', () => {
  const noSamples = { length: 0, get: () => undefined as never };

  it('goes on with the adapter of the same settings', async () => {
    const { adapter, weights } = await buildModel(
      recipeOf('again', { model: { from: tuned }, train: LORA }),
      noSamples as never,
    );
    expect(adapter?.base).toBe(join(pretrained, 'final'));
    const name = 'language_model.model.layers.0.self_attn.q_proj.lora_B.weight';
    expect(weightValues(weights, name)?.some((value) => value !== 0)).toBe(true);
  });

  it('refuses to go on with an adapter of other settings', async () => {
    const other = { ...LORA, lora: { ...LORA.lora, rank: 8 } };
    const recipe = recipeOf('other', { model: { from: tuned }, train: other });
    await expect(buildModel(recipe, noSamples as never)).rejects.toThrow('holds an adapter of other settings');
  });

  it('merges the adapter where the whole model is trained', async () => {
    const { adapter, weights } = await buildModel(recipeOf('full', { model: { from: tuned } }), noSamples as never);
    expect(adapter).toBeUndefined();
    const { weights: base } = await loadModelFolder(join(pretrained, 'final'));
    expect([...weights.keys()]).toEqual([...base.keys()]);
  });

  it('refuses adapters beside random weights', async () => {
    await expect(buildModel(recipeOf('size', { train: LORA }), noSamples as never)).rejects.toThrow(
      'model.from: must be a trained model',
    );
  });

  it('takes another run’s projector', async () => {
    const from = join(pretrained, 'final');
    const recipe = recipeOf('projector', { model: { from, projector: tuned } });
    const { weights } = await buildModel(recipe, noSamples as never);
    const { weights: base } = await loadModelFolder(from);
    const isChanged = (name: string): boolean =>
      String(weightValues(weights, name)?.slice(0, 50)) !== String(weightValues(base, name)?.slice(0, 50));
    expect(isChanged('multi_modal_projector.linear_1.weight')).toBe(true);
    expect(isChanged('language_model.model.layers.0.self_attn.q_proj.weight')).toBe(false);
  });
});
