import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LlavaConfig } from '../../../../src/main/engine/model/config.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { formatHuggingFaceConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { initialiseWeights } from '../../../../src/main/engine/model/initialise.ts';
import {
  loadModelFolder,
  readCompanionFiles,
  saveModelFolder,
} from '../../../../src/main/engine/model/model-folder.ts';
import { configOfSize, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import type { StoredTensor } from '../../../../src/main/engine/model/safetensors-write.ts';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { REFERENCE, hasReference } from '../../../helpers/reference.ts';
import { toHostTensors } from '../../../../src/main/engine/model/weight-tensor.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const ids = { vocabSize: 40, imageTokenId: 39, bosTokenId: 1, eosTokenId: 2, padTokenId: 0 };

/** A model of a few thousand weights. */
function smallest(tied = false): { config: LlavaConfig; weights: Map<string, HostTensor> } {
  const tiny = resolveModel('tiny');
  const vision = { ...tiny.vision, layers: 1, hiddenSize: 8, intermediateSize: 16, imageSize: 16 };
  const text = { ...tiny.text, layers: 1, hiddenSize: 8, intermediateSize: 12, headDim: 4, tieWordEmbeddings: tied };
  const config = configOfSize({ ...tiny, vision, text }, ids);
  return { config, weights: initialiseWeights(config, 1) };
}

async function savedModel(tied = false): Promise<string> {
  const dir = join(temporaryFolder(), 'model');
  await saveModelFolder(dir, smallest(tied));
  return dir;
}

/** The saved model with its weights file written anew after `change`. */
async function changedModel(change: (tensors: Map<string, StoredTensor>) => void, tied = false): Promise<string> {
  const dir = await savedModel(tied);
  const tensors = new Map<string, StoredTensor>(smallest(tied).weights);
  change(tensors);
  await writeSafetensors(join(dir, 'model.safetensors'), tensors);
  return dir;
}

/** The weights of a loaded model in memory. */
async function loadedWeights(dir: string): Promise<Map<string, HostTensor>> {
  return toHostTensors((await loadModelFolder(dir)).weights);
}

function move(tensors: Map<string, StoredTensor>, from: string, to: string): void {
  tensors.set(to, tensors.get(from) as StoredTensor);
  tensors.delete(from);
}

const EMBEDDINGS = 'language_model.model.embed_tokens.weight';
const HEAD = 'language_model.lm_head.weight';

describe('a saved model', () => {
  it('comes back with equal configuration and weights', async () => {
    for (const tied of [false, true]) {
      const { config, weights, dir } = await loadModelFolder(await savedModel(tied));
      expect(config).toEqual(smallest(tied).config);
      expect(toHostTensors(weights)).toEqual(smallest(tied).weights);
      expect(existsSync(dir)).toBe(true);
    }
  });

  it('keeps the texts of tokenizer and processor', async () => {
    const dir = temporaryFolder();
    const companions = { 'tokenizer.json': '{"ü":1}', 'chat_template.jinja': '{{ x }}' };
    await saveModelFolder(dir, smallest(), companions);
    expect(await readCompanionFiles(dir)).toEqual(companions);
    expect(readdirSync(dir).sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
  });

  it('is refused where weights and configuration disagree', async () => {
    const { config, weights } = smallest();
    const lacking = new Map(weights);
    lacking.delete(HEAD);
    await expect(saveModelFolder(temporaryFolder(), { config, weights: lacking })).rejects.toThrow(
      `${HEAD} must have shape [40, 8]`,
    );
    const odd = new Map(weights).set('extra', { shape: [1], data: new Float32Array(1) });
    await expect(saveModelFolder(temporaryFolder(), { config, weights: odd })).rejects.toThrow('extra is no parameter');
  });

  it.skipIf(!hasReference).each(['clip-llama', 'siglip-qwen2'])(
    'round trip of the reference model %s is byte-equal (needs ../shared/reference)',
    async (name) => {
      const original = join(REFERENCE, name, 'model');
      const dir = temporaryFolder();
      await saveModelFolder(dir, await loadModelFolder(original), await readCompanionFiles(original));
      for (const file of ['model.safetensors', 'tokenizer.json', 'chat_template.jinja', 'processor_config.json'])
        expect(readFileSync(join(dir, file)).equals(readFileSync(join(original, file))), file).toBe(true);
    },
  );
});

describe('names in the wild', () => {
  it.each<[string, (name: string) => string]>([
    ['transformers 4', (name) => name.replace(/^vision_tower\./, 'vision_tower.vision_model.')],
    [
      'names in memory',
      (name) =>
        name.startsWith('language_model.lm_head')
          ? name.replace('language_model.', '')
          : `model.${name}`.replace('model.language_model.model.', 'model.language_model.'),
    ],
  ])('%s', async (_, rename) => {
    const dir = await changedModel((tensors) => {
      for (const name of [...tensors.keys()]) if (rename(name) !== name) move(tensors, name, rename(name));
    });
    expect(await loadedWeights(dir)).toEqual(smallest().weights);
  });

  it('tensors that follow from the configuration are left out', async () => {
    const dir = await changedModel((tensors) => {
      tensors.set('vision_tower.vision_model.embeddings.position_ids', { shape: [1, 2], data: new BigInt64Array(2) });
      tensors.set('language_model.model.layers.0.self_attn.rotary_emb.inv_freq', {
        shape: [2],
        data: new Float32Array(2),
      });
    });
    expect(await loadedWeights(dir)).toEqual(smallest().weights);
  });

  it('tensors of the half of CLIP that reads text are left out', async () => {
    const dir = await changedModel((tensors) => {
      for (const name of ['vision_tower.visual_projection.weight', 'model.vision_tower.text_model.x', 'logit_scale'])
        tensors.set(name, { shape: [1], data: new Float32Array(1) });
    });
    expect(await loadedWeights(dir)).toEqual(smallest().weights);
  });

  it('one parameter under two names is refused', async () => {
    const dir = await changedModel((tensors) => tensors.set('lm_head.weight', tensors.get(HEAD) as StoredTensor));
    await expect(loadModelFolder(dir)).rejects.toThrow('is the same parameter as');
  });

  it('an output head of tied embeddings is dropped where it is a copy, and refused where it is not', async () => {
    const copy = await changedModel((tensors) => tensors.set(HEAD, tensors.get(EMBEDDINGS) as StoredTensor), true);
    expect(await loadedWeights(copy)).toEqual(smallest(true).weights);
    const other = await changedModel(
      (tensors) => tensors.set(HEAD, { shape: [40, 8], data: new Float32Array(320) }),
      true,
    );
    await expect(loadModelFolder(other)).rejects.toThrow(`${HEAD}: differs from the embeddings`);
  });
});

describe('weights that do not fit the configuration', () => {
  it.each<[string, (tensors: Map<string, StoredTensor>) => void, string]>([
    ['missing', (tensors) => tensors.delete(HEAD), `lacks 1 tensors that config.json asks for: ${HEAD}`],
    [
      'many missing',
      (tensors) =>
        [...tensors.keys()].filter((name) => name.startsWith('multi')).forEach((name) => tensors.delete(name)),
      'lacks 4 tensors that config.json asks for: multi_modal_projector.linear_1.weight, multi_modal_projector.linear_1.bias, multi_modal_projector.linear_2.weight and 1 more',
    ],
    [
      'unexpected',
      (tensors) => move(tensors, HEAD, 'model.image_newline'),
      'has 1 tensors that config.json does not know: model.image_newline',
    ],
    ['__proto__', (tensors) => move(tensors, HEAD, '__proto__'), 'does not know: __proto__'],
    [
      'another shape',
      (tensors) => tensors.set(HEAD, { shape: [8, 40], data: new Float32Array(320) }),
      `${HEAD}: has shape [8, 40], but config.json asks for [40, 8]`,
    ],
    [
      'integers',
      (tensors) => tensors.set(HEAD, { shape: [40, 8], data: new Int32Array(320) }),
      'must hold floating-point numbers (found "I32")',
    ],
  ])('%s', async (_, change, message) => {
    await expect(loadModelFolder(await changedModel(change))).rejects.toThrow(message);
  });
});

describe('weights in several files', () => {
  const first = 'model-00001-of-00002.safetensors';
  const second = 'model-00002-of-00002.safetensors';

  /** The saved model as two shards and an index, which `change` may spoil. */
  async function sharded(change: (index: Record<string, string>) => unknown = (index) => index): Promise<string> {
    const dir = await savedModel();
    const entries = [...smallest().weights];
    const half = Math.floor(entries.length / 2);
    await writeSafetensors(join(dir, first), new Map(entries.slice(0, half)));
    await writeSafetensors(join(dir, second), new Map(entries.slice(half)));
    rmSync(join(dir, 'model.safetensors'));
    const index = Object.fromEntries(entries.map(([name], at) => [name, at < half ? first : second]));
    writeFileSync(
      join(dir, 'model.safetensors.index.json'),
      JSON.stringify({ metadata: {}, weight_map: change(index) }),
    );
    return dir;
  }

  it('are read as one', async () => {
    expect(await loadedWeights(await sharded())).toEqual(smallest().weights);
  });

  it('a missing shard is named', async () => {
    const dir = await sharded();
    rmSync(join(dir, second));
    await expect(loadModelFolder(dir)).rejects.toThrow(`names a file that is missing (found "${second}")`);
  });

  it.each([
    '../../x',
    '../../x.safetensors',
    '/etc/x.safetensors',
    'a\\b.safetensors',
    'C:x.safetensors',
    'x.bin',
    '',
    '..',
    3,
  ])('the shard name %j is refused, whether or not it is there', async (shard) => {
    const dir = await sharded((index) => ({ ...index, [HEAD]: shard }));
    writeFileSync(join(dir, '..', 'x.safetensors'), '');
    await expect(loadModelFolder(dir)).rejects.toThrow(`weight_map.${HEAD}: `);
  });

  it('an index that disagrees with the shards is refused', async () => {
    await expect(loadModelFolder(await sharded((index) => ({ ...index, [HEAD]: first })))).rejects.toThrow(
      `weight_map.${HEAD}: is not in that file (found "${first}")`,
    );
    await expect(loadModelFolder(await sharded(() => 'none'))).rejects.toThrow('weight_map: ');
  });

  it('a tensor in two shards is refused', async () => {
    const dir = await sharded();
    cpSync(join(dir, first), join(dir, second));
    await expect(loadModelFolder(dir)).rejects.toThrow('must not also be in');
  });
});

describe('folders that are no model', () => {
  it('pickle files are refused with the reason', async () => {
    for (const name of ['pytorch_model.bin', 'consolidated.00.pth', 'model.pt']) {
      const dir = await savedModel();
      renameSync(join(dir, 'model.safetensors'), join(dir, name));
      await expect(loadModelFolder(dir)).rejects.toThrow(
        `${name}: is a pickle file, which can run any program when it is read`,
      );
    }
  });

  it('no weights, no configuration, no folder, a broken configuration', async () => {
    const dir = await savedModel();
    rmSync(join(dir, 'model.safetensors'));
    await expect(loadModelFolder(dir)).rejects.toThrow('must hold model.safetensors or model.safetensors.index.json');
    rmSync(join(dir, 'config.json'));
    await expect(loadModelFolder(dir)).rejects.toThrow('config.json: cannot be read (ENOENT)');
    await expect(loadModelFolder(join(dir, 'none'))).rejects.toThrow('config.json: cannot be read (ENOENT)');
    writeFileSync(join(dir, 'config.json'), '{');
    await expect(loadModelFolder(dir)).rejects.toThrow('config.json: must be valid JSON');
    writeFileSync(join(dir, 'config.json'), '{"model_type":"llava","model_type":"llava"}');
    await expect(loadModelFolder(dir)).rejects.toThrow('config.json: must not give the key "model_type" twice');
  });

  it('a weights file that is a folder', async () => {
    const dir = await savedModel();
    rmSync(join(dir, 'model.safetensors'));
    mkdirSync(join(dir, 'model.safetensors'));
    await expect(loadModelFolder(dir)).rejects.toThrow('model.safetensors: must be a file');
  });
});

it('stores the configuration as formatHuggingFaceConfig writes it and names the format of the weights', async () => {
  const dir = await savedModel();
  expect(readFileSync(join(dir, 'config.json'), 'utf8')).toBe(formatHuggingFaceConfig(smallest().config));
  expect(JSON.parse(readFileSync(join(dir, 'generation_config.json'), 'utf8'))).toEqual({
    bos_token_id: 1,
    do_sample: false,
    eos_token_id: 2,
    pad_token_id: 0,
  });
  expect(readFileSync(join(dir, 'model.safetensors'), 'latin1').slice(8)).toMatch(
    /^\{"__metadata__":\{"format":"pt"\}/,
  );
  expect((await readAllTensors(join(dir, 'model.safetensors'))).size).toBe(smallest().weights.size);
});
