import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  isAdapterFolder,
  loadAdapterFolder,
  readAdapter,
  saveAdapterFolder,
} from '../../../../src/main/engine/model/adapter-folder.ts';
import { mergeLora } from '../../../../src/main/engine/model/lora-merge.ts';
import { isLoraTensor } from '../../../../src/main/engine/model/lora.ts';
import { readAllTensors, readSafetensors } from '../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { CaseFolder } from '../../../../src/main/engine/verify/case-folder.ts';
import { ReferenceModel } from '../../../../src/main/engine/verify/reference-model.ts';
import { realPositions } from '../../../../src/main/engine/verify/rows-of.ts';
import { batchRows } from '../../../../src/main/engine/verify/topics/forward.ts';
import { FULL } from '../../../../src/shared/compression.ts';
import { SMALL_MODEL } from '../../../helpers/small-model.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { weightValues } from '../../../helpers/tensors.ts';

/** Made by peft itself: test/golden/make_peft_adapter.py. */
const GOLDEN = fileURLToPath(new URL('../../../golden/peft-adapter', import.meta.url));
const CASE = fileURLToPath(new URL('../../../golden/small-case', import.meta.url));

/** A copy of the golden adapter with its base model, for changes. */
function copiedAdapter(change: (config: Record<string, unknown>) => void = () => undefined): string {
  const dir = join(temporaryFolder(), 'adapter');
  mkdirSync(dir);
  for (const name of [ADAPTER_CONFIG, ADAPTER_WEIGHTS]) cpSync(join(GOLDEN, name), join(dir, name));
  const file = join(dir, ADAPTER_CONFIG);
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  config['base_model_name_or_path'] = SMALL_MODEL;
  change(config);
  writeFileSync(file, JSON.stringify(config));
  return dir;
}

async function renamed(dir: string, rename: (name: string) => string): Promise<void> {
  const file = join(dir, ADAPTER_WEIGHTS);
  const tensors = await readAllTensors(file);
  await writeSafetensors(file, new Map([...tensors].map(([name, tensor]) => [rename(name), tensor])));
}

describe('an adapter that peft has saved', () => {
  it('gives peft’s logits, beside the weights and merged', { timeout: 60_000 }, async () => {
    const folder = await CaseFolder.open(CASE);
    const model = await ReferenceModel.load(folder);
    const golden = await readSafetensors(join(GOLDEN, 'expected.safetensors'));
    try {
      const expected = (await golden.read('logits_every_16th')).data;
      const { weights } = await loadAdapterFolder(GOLDEN);
      const rows = await batchRows(folder);
      const lengths = rows.rows.map(({ tokenIds }) => tokenIds.length);
      const pick = (values: Float32Array, isEvery: boolean): Float32Array =>
        realPositions(values, lengths, model.config.text.vocabSize, 16, isEvery);
      for (const [kind, all] of Object.entries({ beside: weights, merged: mergeLora(weights) })) {
        const adapted = model.withWeights(all);
        const ours = pick(adapted.forward(rows, FULL).logits, false);
        adapted.dispose();
        const wanted = pick(expected, true);
        expect(ours.length).toBe(wanted.length);
        const difference = Math.max(...ours.map((value, i) => Math.abs(value - (wanted[i] as number))));
        expect(difference, kind).toBeLessThan(1e-4);
      }
    } finally {
      model.dispose();
      await golden.close();
      await folder.close();
    }
  });

  it('has the scaling of its patterns: alpha / √rank of each map', async () => {
    const { lora } = await readAdapter(GOLDEN);
    const scaling = (map: string): number | undefined => lora.get(`language_model.model.layers.4.${map}`)?.scaling;
    expect(scaling('self_attn.q_proj')).toBe(8 / Math.sqrt(3));
    expect(scaling('self_attn.v_proj')).toBe(8 / Math.sqrt(2));
    expect(scaling('mlp.down_proj')).toBe(5 / Math.sqrt(3));
  });

  it('is the same under the older generation of names', async () => {
    const dir = copiedAdapter();
    await renamed(dir, (name) =>
      name
        .replace('base_model.model.model.language_model.', 'base_model.model.language_model.model.')
        .replace('base_model.model.model.multi_modal_projector.', 'base_model.model.multi_modal_projector.'),
    );
    expect(await readAdapter(dir)).toEqual(await readAdapter(GOLDEN));
  });
});

describe('an adapter saved here', () => {
  it('comes back as it was', async () => {
    const { config, weights, replaced } = await loadAdapterFolder(GOLDEN);
    const dir = temporaryFolder();
    const own = new Map([...weights].filter(([name]) => isLoraTensor(name) || replaced.includes(name)));
    // One rank, for a file written here has no patterns.
    const uniform = new Map([...own].filter(([name]) => !/v_proj|down_proj/.test(name)));
    const lora = { rank: 3, alpha: 8, rslora: true };
    await saveAdapterFolder(dir, { config, weights: uniform }, { base: SMALL_MODEL, lora }, { 'tokenizer.json': '{}' });
    expect(isAdapterFolder(dir)).toBe(true);
    const again = await loadAdapterFolder(dir);
    expect(again.base).toBe(SMALL_MODEL);
    expect(again.scale).toEqual(lora);
    for (const name of uniform.keys())
      expect(weightValues(again.weights, name), name).toEqual(weightValues(uniform, name));
    expect(readFileSync(join(dir, 'tokenizer.json'), 'utf8')).toBe('{}');
    const written = JSON.parse(readFileSync(join(dir, ADAPTER_CONFIG), 'utf8')) as Record<string, unknown>;
    expect(written).toMatchObject({
      peft_type: 'LORA',
      modules_to_save: ['multi_modal_projector'],
      target_modules: String.raw`.*language_model\.(model\.)?layers\.(1|4)\.(self_attn)\.(q_proj)`,
    });
  });
});

describe('adapters that cannot be used are refused by name:', () => {
  it.each([
    ['another kind', 'peft_type', 'IA3', 'peft_type: must be LORA'],
    ['DoRA', 'use_dora', true, 'use_dora: must be false'],
    ['biases', 'bias', 'all', 'bias: must be none'],
    ['rank 0', 'r', 0, 'adapter_config.json: r: must be'],
    ['no base', 'base_model_name_or_path', null, 'base_model_name_or_path: must name the base model'],
    ['an absent base', 'base_model_name_or_path', 'owner/model', 'base_model_name_or_path: is no model folder here'],
  ])('%s', async (_, field, value, message) => {
    const dir = copiedAdapter((config) => (config[field] = value));
    await expect(loadAdapterFolder(dir)).rejects.toThrow(message);
  });

  it('an adapter on an adapter', async () => {
    const dir = copiedAdapter();
    const base = copiedAdapter();
    cpSync(join(SMALL_MODEL, 'config.json'), join(base, 'config.json'));
    const file = join(dir, ADAPTER_CONFIG);
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: base }));
    await expect(loadAdapterFolder(dir)).rejects.toThrow('must be a whole model, not an adapter');
  });

  it.each([
    ['no wrapper', (name: string) => name.replace('base_model.model.', ''), 'must begin with base_model.model.'],
    ['embeddings', (name: string) => name.replace('lora_A.weight', 'lora_embedding_A'), 'only adapters of linear maps'],
    [
      'half of one',
      (name: string) => name.replace(/layers\.4(.*)lora_B/, 'layers.3$1lora_B'),
      'has no lora_B beside it',
    ],
    ['an unknown module', (name: string) => name.replace('multi_modal_projector', 'resampler'), 'is no parameter of'],
  ])('%s', async (_, rename, message) => {
    const dir = copiedAdapter();
    await renamed(dir, rename);
    await expect(loadAdapterFolder(dir)).rejects.toThrow(message);
  });
});
