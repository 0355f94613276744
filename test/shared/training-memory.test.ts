import { describe, expect, it } from 'vitest';
import { FULL, parseCompression } from '../../src/shared/compression.ts';
import type { ModelShape } from '../../src/shared/cost.ts';
import { modelSize, PLAIN } from '../../src/shared/model-size.ts';
import { PAPER_MODELS } from '../../src/shared/paper-model.ts';
import type { TrainingMode } from '../../src/shared/training-cost.ts';
import { activationBytes, stateMemory } from '../../src/shared/training-memory.ts';

// Two decoder layers of width 4, two heads, one of keys; images of 4 patches and a class token.
const shape: ModelShape = {
  vision: { layers: 1, hiddenSize: 3, intermediateSize: 5, imageSize: 4, patchSize: 2, hasClassToken: true },
  decoder: { layers: 2, hiddenSize: 4, intermediateSize: 6, heads: 2, kvHeads: 1, headDim: 2, vocabSize: 10 },
};
const size = modelSize(shape, {
  ...{ visionLayers: 1, featureLayer: -1, featureSelect: 'default', projectorBias: true, tied: false },
  ...PLAIN,
});
const row = { groupLengths: [4], textTokens: 3, headTokens: 2 };
const full: TrainingMode = { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false };
const projector: TrainingMode = { ...full, trainsDecoder: false };

describe('what a training keeps whatever its batch', () => {
  // q 4·4, k and v 4·2 each, o 4·4, MLP 3·4·6, norms 2·4
  const layer = 16 + 8 + 8 + 16 + 72 + 8;
  const decoder = 40 + 2 * layer + 4 + 40;
  const projectorValues = 3 * 4 + 4 + 4 * 4 + 4;

  it('is gradients and two moments of what is trained, weights of everything', () => {
    const weights = 4 * size.parameters;
    const trained = 4 * (decoder + projectorValues);
    expect(stateMemory(size, full)).toEqual({ weights, gradients: trained, moments: 2 * trained, engine: 600e6 });
    expect(stateMemory(size, projector)).toMatchObject({ weights, gradients: 4 * projectorValues });
  });

  it('has the adapters among the weights', () => {
    const lora: TrainingMode = { ...projector, lora: { rank: 2, targets: ['q_proj', 'down_proj'] } };
    // 2 layers, rank 2: q 4 + 4, down 6 + 4
    const adapters = 2 * 2 * (8 + 10);
    const { weights, gradients } = stateMemory(size, lora);
    expect(weights).toBe(4 * (size.parameters + adapters));
    expect(gradients).toBe(4 * (projectorValues + adapters));
  });

  it('agrees with the sizes of Vicuna and CLIP ViT-L that their makers give', () => {
    const [clip, projector7b, projector13b] = [303_507_456, 1025 * 4096 + 4097 * 4096, 1025 * 5120 + 5121 * 5120];
    expect(PAPER_MODELS.get('llava-1.5-7b')?.parameters).toBe(6_738_415_616 + clip + projector7b);
    expect(PAPER_MODELS.get('llava-1.5-13b')?.parameters).toBe(13_015_864_320 + clip + projector13b);
  });
});

describe('activations', () => {
  // 4 × width 4, 3 × 4 of heads, 2 × 2 of keys, 3 × 6 of the MLP, 2 logarithms, 2 scales
  const kept = 16 + 12 + 4 + 18 + 2 + 2;
  const tables = 2 * (2 + 1) * 2;
  const head = 2 * 2 * (4 + 10);
  const projected = 4 * (3 + 8);
  // Of 7 tokens: 9 × the MLP, 7 × the scores of 2 heads
  const working = 7 * (9 * 6 + 7 * 2 * 7);

  it('are what the ops of every layer keep of every token, of head and projector', () => {
    const values = 7 * tables + 2 * 7 * kept + head + projected + working;
    expect(activationBytes(shape, row, 1, FULL, full)).toBe(4 * values);
    expect(activationBytes(shape, row, 3, FULL, full)).toBe(3 * 4 * values);
    expect(activationBytes(shape, row, 1, FULL, projector)).toBe(4 * values);
  });

  it('shrink from the layer of a compression point on, which has rotary tables of its own', () => {
    const values = (7 + 5) * tables + (7 + 5) * kept + head + projected + working;
    expect(activationBytes(shape, row, 1, parseCompression('1/2'), full)).toBe(4 * values);
  });

  it('are the layers’ inputs and the inside of the longest under gradient checkpointing', () => {
    const checkpointed = { ...full, gradientCheckpointing: true };
    const values = (7 + 5) * tables + (7 + 5) * 4 + 7 * (kept - 4) + head + projected + working;
    expect(activationBytes(shape, row, 1, parseCompression('1/2'), checkpointed)).toBe(4 * values);
  });

  it('begin at the first layer that is trained where nothing below it is', () => {
    const last = { ...full, trainsProjector: false, decoderLayers: 1 };
    expect(activationBytes(shape, row, 1, FULL, last)).toBe(4 * (7 * tables + 7 * kept + head + working));
  });

  it('have the narrow state of every adapter, and a trained tower’s layers', () => {
    const lora: TrainingMode = { ...projector, lora: { rank: 3, targets: ['q_proj', 'v_proj'] } };
    const without = activationBytes(shape, row, 1, FULL, projector);
    expect(activationBytes(shape, row, 1, FULL, lora) - without).toBe(4 * 2 * 7 * 3 * 2);
    const tower = activationBytes(shape, row, 1, FULL, { ...projector, trainsVisionTower: true });
    expect(tower - without).toBe(4 * 5 * (9 * 3 + 2 * 5));
  });

  it('work on a chunk of a long row’s attention at a time', () => {
    const more = (textTokens: number): number =>
      activationBytes(shape, { groupLengths: [], textTokens, headTokens: 0 }, 1, FULL, full);
    const perToken = tables + 2 * kept + 9 * 6 + 7 * 2 * 160;
    expect(more(400) - more(300)).toBe(4 * 100 * perToken);
  });
});
