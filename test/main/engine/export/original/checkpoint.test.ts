import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FULL } from '../../../../../src/shared/compression.ts';
import { trainTokenizer } from '../../../../../src/main/engine/data/tokenizer-training.ts';
import { loadAnsweringModel } from '../../../../../src/main/engine/generate/loaded-model.ts';
import { Session } from '../../../../../src/main/engine/generate/session.ts';
import { planBatch } from '../../../../../src/main/engine/model/batch-plan.ts';
import { withDeviceBatch } from '../../../../../src/main/engine/model/device-batch.ts';
import { loadModelFolder, saveModelFolder } from '../../../../../src/main/engine/model/model-folder.ts';
import { processorFiles } from '../../../../../src/main/engine/model/processor-config.ts';
import { readAllTensors } from '../../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../../src/main/engine/model/safetensors-write.ts';
import { findModelFolder } from '../../../../../src/main/engine/train/find-model.ts';
import { exportTo } from '../../../../helpers/export-to.ts';
import { writeOriginal, type OriginalOptions } from '../../../../helpers/original-checkpoint.ts';
import { hasReference, REFERENCE } from '../../../../helpers/reference.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';
import { expectNoLeakedTensors, expectSameTensors, weightValues } from '../../../../helpers/tensors.ts';
import { rowOf, tinyConfig, tinyPixels, tinyWeights } from '../../../../helpers/tiny-model.ts';

/** Byte-level and without merges: four special tokens and 256 bytes. */
const VOCABULARY = 260;
/** The next multiple of 64. */
const PADDED = 320;
const HEAD = 'language_model.lm_head.weight';
const EMBEDDINGS = 'language_model.model.embed_tokens.weight';
const TABLES = [EMBEDDINGS, HEAD];

/** A tiny model in the Hugging Face layout. */
async function tinyFolder(parent: string): Promise<string> {
  const config = tinyConfig({ text: { vocabSize: VOCABULARY, bosTokenId: 0, eosTokenIds: [1] }, imageTokenId: 3 });
  const folder = join(parent, 'model');
  const files = { ...trainTokenizer([], VOCABULARY), ...processorFiles(config) };
  await saveModelFolder(folder, { config, weights: tinyWeights(config) }, files);
  return folder;
}

interface Made {
  readonly model: string;
  readonly original: string;
  readonly tower: string;
}

async function make(options: OriginalOptions = {}): Promise<Made> {
  const parent = temporaryFolder();
  const model = await tinyFolder(parent);
  return { model, ...(await writeOriginal(model, parent, options)) };
}

/** Logits behind a prompt with a picture. */
async function logitsOf(folder: string): Promise<number[]> {
  const model = await loadAnsweringModel(folder);
  const vision = { pixels: tinyPixels(1, model.config), imageSize: model.config.vision.imageSize };
  const session = withDeviceBatch(
    planBatch([rowOf('0 7 #4 8 200')], FULL),
    vision,
    (batch) => new Session(batch, model),
  );
  const logits = [...(session.promptLogits?.dataSync() ?? [])];
  session.dispose();
  model.dispose();
  return logits;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

describe("a checkpoint in the LLaVA authors' layout, converted", () => {
  it.each<[string, OriginalOptions]>([
    ['with its tower beside it', {}],
    ['in several files', { shardBytes: 4000 }],
    ['with its tower inside', { towerInside: true }],
    ['with a whole CLIP model as its tower', { wholeTower: true }],
    ['by its other name', { config: { model_type: 'llava_llama', architectures: null } }],
  ])('%s, has the logits of the same model in the Hugging Face layout', async (_, options) => {
    const { model, original } = await make(options);
    if (options.shardBytes !== undefined) expect(readdirSync(original).length).toBeGreaterThan(5);
    const { folder } = await exportTo({ model: original });
    const [theirs, ours] = [await logitsOf(model), await logitsOf(folder)];
    expect(ours.length).toBe(PADDED);
    theirs.forEach((logit, i) => {
      expect(ours[i]).toBeCloseTo(logit, 4);
    });
    // A row that is the mean of the others gives the mean of their logits.
    for (const logit of ours.slice(VOCABULARY)) expect(logit).toBeCloseTo(mean(theirs), 4);
  });

  it('has the same weights to the bit, but for rows appended to the tables', async () => {
    const { model, original } = await make();
    const [ours, theirs] = [
      await loadModelFolder((await exportTo({ model: original })).folder),
      await loadModelFolder(model),
    ];
    const others = (weights: typeof ours.weights): typeof ours.weights =>
      new Map([...weights].filter(([name]) => !TABLES.includes(name)));
    expectSameTensors(others(ours.weights), others(theirs.weights));
    for (const name of TABLES) {
      const table = weightValues(theirs.weights, name) as Float32Array;
      expect([...(weightValues(ours.weights, name) as Float32Array)].slice(0, table.length)).toEqual([...table]);
    }
    const { text, imageTokenId, ...rest } = ours.config;
    expect({ ...rest, text: { ...text, vocabSize: VOCABULARY, padTokenId: null }, imageTokenId: 3 }).toEqual(
      theirs.config,
    );
    expect({ imageTokenId, padTokenId: text.padTokenId, vocabSize: text.vocabSize }).toEqual({
      ...{ imageTokenId: VOCABULARY, padTokenId: VOCABULARY + 1, vocabSize: PADDED },
    });
  });

  it('gets the tokens for pictures and padding, and the conversation it was trained with', async () => {
    const { original } = await make();
    const { folder } = await exportTo({ model: original });
    const model = await loadAnsweringModel(folder);
    const { tokenizer, template } = model;
    model.dispose();
    expect(tokenizer.special).toEqual({ image: VOCABULARY, padding: VOCABULARY + 1, endOfText: 1 });
    expect(template.endToken).toBe('</s>');
    expect(readFileSync(join(folder, 'chat_template.jinja'), 'utf8')).toContain('ASSISTANT:');
    expect(readJson(folder, 'tokenizer_config.json')).not.toHaveProperty('chat_template');
    expect(readJson(folder, 'preprocessor_config.json')).toMatchObject({ do_pad: true });
  });

  it('keeps a padding token that it has', async () => {
    const { original } = await make();
    const file = join(original, 'tokenizer_config.json');
    writeFileSync(file, JSON.stringify({ ...(readJson(file) as object), pad_token: '<s>' }));
    const { config } = await loadModelFolder((await exportTo({ model: original })).folder);
    expect(config.text.padTokenId).toBe(0);
  });

  it.each([
    ['patch', 'default'],
    ['cls_patch', 'full'],
  ])('takes %s as the features %s', async (feature, select) => {
    const { original } = await make({ config: { mm_vision_select_feature: feature } });
    const { config } = await loadModelFolder((await exportTo({ model: original })).folder);
    expect(config.featureSelect).toBe(select);
  });

  it('finds its tower where it is told to, and by an absolute path', async () => {
    const { original, tower } = await make();
    const elsewhere = join(temporaryFolder(), 'elsewhere');
    renameSync(tower, elsewhere);
    await exportTo({ model: original, tower: elsewhere });
    const config = join(original, 'config.json');
    writeFileSync(config, JSON.stringify({ ...(readJson(config) as object), mm_vision_tower: elsewhere }));
    await exportTo({ model: original });
  });

  it.skipIf(!hasReference).each([
    ['clip-llama', 'default'],
    ['siglip-qwen2', 'full'],
  ])('the reference model %s comes back (needs ../shared/reference)', async (name, select) => {
    const model = join(REFERENCE, name, 'model');
    const { original } = await writeOriginal(model, temporaryFolder(), { wholeTower: true });
    const [ours, theirs] = [
      await loadModelFolder((await exportTo({ model: original })).folder),
      await loadModelFolder(model),
    ];
    expect(ours.config.featureSelect).toBe(select);
    expect(ours.config.vision).toEqual(theirs.config.vision);
    const same = [...theirs.weights.keys()].filter((weight) => !TABLES.includes(weight));
    for (const weight of same) expect(weightValues(ours.weights, weight)).toEqual(weightValues(theirs.weights, weight));
  });

  it('leaves no tensor behind', async () => {
    const { original } = await make();
    await expectNoLeakedTensors(async () => {
      await exportTo({ model: original });
    });
  });
});

describe('what is refused, with nothing written', () => {
  async function refused(
    made: Made,
    message: string,
    job: Partial<Parameters<typeof exportTo>[0]> = {},
  ): Promise<void> {
    const folder = join(temporaryFolder(), 'out');
    await expect(exportTo({ model: made.original, folder, ...job })).rejects.toThrow(message);
    expect(existsSync(folder)).toBe(false);
  }

  it.each<[Record<string, unknown>, string]>([
    [{ mm_projector_type: 'linear' }, 'mm_projector_type: must be mlp2x_gelu: of their projectors only the two-layer'],
    [{ mm_projector_type: undefined }, 'mm_projector_type: must be mlp2x_gelu'],
    [{ mm_hidden_size: 9 }, "mm_hidden_size: must be the tower's width (8) (found 9)"],
    [{ image_aspect_ratio: 'anyres' }, 'image_aspect_ratio: must be pad: '],
    [{ mm_use_im_start_end: true }, 'mm_use_im_start_end: must be false: tokens around a picture'],
    [{ mm_vision_select_feature: 'slicefour_patch' }, 'mm_vision_select_feature: must be one of patch, cls_patch'],
    [{ mm_vision_select_layer: -9 }, 'vision_feature_layer: must be between -3 and 2'],
    [{ s2: true }, 's2: must be false'],
    [{ quantization_config: {} }, 'quantization_config: must be absent'],
  ])('config.json with %j', async (config, message) => {
    await refused(await make({ config }), message);
  });

  it('a tower that is not here, or none', async () => {
    const made = await make();
    rmSync(made.tower, { recursive: true });
    await refused(made, 'mm_vision_tower: is no folder here, nor is tower beside the model (found "somebody/tower")');
    await refused(made, 'name its folder: --tower DIR');
    await refused(made, 'tower: must be the folder of a vision tower', { tower: temporaryFolder() });
    mkdirSync(made.tower);
    writeFileSync(join(made.tower, 'config.json'), '{"model_type": "dinov2"}');
    await refused(made, 'model_type: must be one of clip, clip_vision_model, siglip, siglip_vision_model');
  });

  it('a tower for a model that has its own', async () => {
    const made = await make();
    await refused(made, "tower: may only be given for a checkpoint in the LLaVA authors' own layout", {
      ...{ model: made.model, tower: made.tower },
    });
    await refused(made, 'tower: may only be given', { model: made.model, tower: made.tower, form: 'adapter' });
  });

  it('tensors that nobody knows, by their names', async () => {
    const made = await make();
    const file = join(made.original, 'model.safetensors');
    const tensors = await readAllTensors(file);
    await writeSafetensors(
      file,
      new Map([...tensors, ['model.image_newline', { shape: [1], data: new Float32Array(1) }]]),
    );
    await refused(made, 'has 1 tensors that config.json does not know: model.image_newline');
  });

  it('a tokenizer that only SentencePiece reads, and weights that only pickle reads, with the lines that convert them', async () => {
    const made = await make();
    renameSync(join(made.original, 'tokenizer.json'), join(made.original, 'tokenizer.model'));
    await refused(made, 'Write tokenizer.json once with Python');
    renameSync(join(made.original, 'tokenizer.model'), join(made.original, 'tokenizer.json'));
    renameSync(join(made.original, 'model.safetensors'), join(made.original, 'pytorch_model.bin'));
    await refused(made, 'save_file(tensors, "model.safetensors")');
  });

  it('the adapter alone', async () => {
    await refused(await make(), 'needs a model with a LoRA adapter', { form: 'adapter' });
  });
});

describe("the authors' layout where a Hugging Face folder is wanted", () => {
  it('is refused with the command that converts it', async () => {
    const { original } = await make();
    const command = `llavolta export ${original} --to FOLDER --tower TOWER`;
    expect(basename(original)).toBe('original');
    for (const open of [loadModelFolder, loadAnsweringModel, findModelFolder])
      await expect(open(original)).rejects.toThrow(command);
  });
});
