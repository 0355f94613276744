import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseLlavaConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { isLoraFactor, isLoraTensor, newLora, withLora } from '../../../../src/main/engine/model/lora.ts';
import { parameterShapes } from '../../../../src/main/engine/model/parameter-shapes.ts';
import { isTrained } from '../../../../src/main/engine/train/trained-parts.ts';
import { readModelSize } from '../../../../src/main/studio/models/model-shape.ts';
import { activationRoom, trainingRoom } from '../../../../src/main/studio/recipes/training-room.ts';
import { FULL } from '../../../../src/shared/compression.ts';
import { LORA_DEFAULTS } from '../../../../src/shared/recipe-lora.ts';
import { recipeSchema, withStages, type Recipe } from '../../../../src/shared/recipe.ts';
import { trainingMode } from '../../../../src/shared/training-cost.ts';
import { activationBytes } from '../../../../src/shared/training-memory.ts';

const folderOf = (family: string): string =>
  fileURLToPath(new URL(`../../../golden/families/${family}/model`, import.meta.url));

const ENGINE_BYTES = 600e6;
const general = {
  name: 'room',
  data: { train: 'train.jsonl' },
  optimizer: { lr: 1e-3, batchSize: 2, steps: 4 },
  checkpoint: { keep: 2 },
};

const recipeOf = (train: object, model: object = {}): Recipe =>
  withStages(
    recipeSchema.parse({
      ...general,
      model: { from: 'model', ...model },
      train,
      stages: [{ compression: 'none' }],
    }),
    () => expect.unreachable(),
  );

/** Numbers of values by name of the weights that the engine would hold, adapters among them. */
function engineValues(family: string, { phase, ...recipe }: Recipe): { trained: number; all: number; own: number } {
  const config = parseLlavaConfig(JSON.parse(readFileSync(`${folderOf(family)}/config.json`, 'utf8')), 'config.json');
  const base = new Map(
    [...parameterShapes(config)].map(([name, shape]) => [name, { shape, data: new Float32Array() }]),
  );
  if (phase === 'vision' || !('train' in recipe)) throw new Error('tests train on conversations');
  const { train } = recipe;
  const lora = newLora(base, config, train.lora ?? LORA_DEFAULTS, 1, train.decoderLayers);
  const weights = train.parts === 'lora' ? withLora(base, lora) : base;
  const trains = isTrained(train, config);
  const count = (counts: (name: string) => boolean): number =>
    [...weights].reduce(
      (total, [name, { shape }]) => total + (counts(name) ? shape.reduce((product, length) => product * length, 1) : 0),
      0,
    );
  const isWeight = (name: string): boolean => !isLoraTensor(name) || isLoraFactor(name);
  return { trained: count(trains), all: count(isWeight), own: count(isLoraFactor) };
}

const FAMILIES = ['siglip-qwen2', 'clip-mistral-llama3', 'clip-qwen2-linear'];

describe.each(FAMILIES)('what the training of a %s takes', (family) => {
  it.each([
    {},
    { parts: 'projector' },
    { projector: 'frozen' },
    { decoderLayers: 1 },
    { visionTower: 'trained' },
    { visionTower: 'trained', visionLayers: 1, decoderLayers: 2, projector: 'frozen' },
    { parts: 'lora', lora: { rank: 4 } },
    { parts: 'lora', lora: { rank: 3, targets: ['q_proj', 'down_proj'] }, decoderLayers: 1, projector: 'frozen' },
    { parts: 'lora', lora: { rank: 2 }, visionTower: 'trained' },
  ])('is gradients and moments of what the engine trains: %j', async (train) => {
    const recipe = recipeOf(train);
    const { trained, all } = engineValues(family, recipe);
    const room = trainingRoom(recipe, await readModelSize(folderOf(family)));
    expect(room).toMatchObject({ trainedParameters: trained, parameters: all });
    expect(room.memoryBytes - ENGINE_BYTES).toBe(16 * trained + 4 * (all - trained));
  });

  it('has the whole model and the moments in a checkpoint', async () => {
    const recipe = recipeOf({ parts: 'projector' });
    const { trained, all } = engineValues(family, recipe);
    const { checkpointBytes, diskBytes } = trainingRoom(recipe, await readModelSize(folderOf(family)));
    expect(checkpointBytes).toBe(4 * all + 8 * trained);
    expect(diskBytes).toBe(3 * checkpointBytes + 4 * all);
  });

  it('has adapters alone in a LoRA checkpoint, and beside them what the base model has not', async () => {
    const size = await readModelSize(folderOf(family));
    const bytes = (train: object, model?: object): number =>
      trainingRoom(recipeOf({ parts: 'lora', lora: { rank: 4 }, ...train }, model), size).checkpointBytes;
    const { own } = engineValues(family, recipeOf({ parts: 'lora', lora: { rank: 4 } }));
    const { projector } = size.parts;
    expect(bytes({ projector: 'frozen' })).toBe(12 * own);
    expect(bytes({})).toBe(12 * (own + projector));
    expect(bytes({ projector: 'frozen' }, { projector: 'runs/pretrain' })).toBe(12 * own + 4 * projector);
    expect(bytes({ projector: 'frozen' }, { tower: 'runs/tower' })).toBe(12 * own + 4 * size.parts.vision.all);
  });
});

it('counts the activations of a micro-batch at the stage that keeps most', async () => {
  const size = await readModelSize(folderOf('clip-qwen2-linear'));
  const recipe = recipeOf({});
  if (recipe.phase === 'vision') throw new Error('it trains on conversations');
  const staged = {
    ...recipe,
    optimizer: { ...recipe.optimizer, batchSize: 8, accumulate: 4 },
    stages: [{ compression: '-1/2', compressor: 'average-pool' as const }, ...recipe.stages],
  };
  const row = { groupLengths: [size.visualTokens], textTokens: 10, headTokens: 10 };
  // Half of the rows have a picture: the room is for one that has.
  expect(activationRoom(staged, size, { imagesPerRow: 0.5, textTokensPerRow: 9.2 }, 4)).toBe(
    activationBytes(size.shape, row, 2, FULL, trainingMode(recipe.train)),
  );
});
