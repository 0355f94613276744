import { describe, expect, it } from 'vitest';
import { FULL, parseCompression, visualTokensPerLayer } from '../../src/shared/compression.ts';
import { publishedFlops, type ModelShape } from '../../src/shared/cost.ts';
import { sum } from '../../src/shared/sum.ts';
import { forwardFlops, totalFlops, type FlopsByPart } from '../../src/shared/exact-flops.ts';
import {
  rowTrainingFlops,
  stepCostAgainstFull,
  trainingFlops,
  type TrainingMode,
} from '../../src/shared/training-cost.ts';
import { llava15 } from './llava-1.5-7b.ts';

const row = { groupLengths: [576], textTokens: 62, headTokens: 20 };
const forward = forwardFlops(llava15, row, FULL);
const everything: TrainingMode = { trainsDecoder: true, trainsVisionTower: true, gradientCheckpointing: false };

describe('training FLOPs', () => {
  it('are three forward passes where everything is trained, but for the gradient of the pixels', () => {
    expect(trainingFlops(forward, everything)).toBe(3 * totalFlops(forward) - forward.visionPatches);
  });

  it('take no backward pass through a frozen tower', () => {
    const tower = (parts: FlopsByPart): number => parts.visionPatches + parts.visionLinear + parts.visionAttention;
    const frozen = trainingFlops(forward, { ...everything, trainsVisionTower: false });
    expect(frozen).toBe(3 * totalFlops(forward) - 2 * tower(forward) - forward.projectorFirst);
  });

  it('pass a frozen decoder once on the way back, its attention products twice', () => {
    const only = { ...everything, trainsVisionTower: false };
    const saved = trainingFlops(forward, only) - trainingFlops(forward, { ...only, trainsDecoder: false });
    expect(saved).toBe(forward.decoderLinear + forward.lmHead);
  });

  it('run the decoder layers once more under gradient checkpointing', () => {
    const extra =
      trainingFlops(forward, { ...everything, gradientCheckpointing: true }) - trainingFlops(forward, everything);
    expect(extra).toBe(forward.decoderLinear + forward.decoderAttention);
  });
});

describe('cost of an optimizer step', () => {
  const rows = [
    row,
    { groupLengths: [576, 576], textTokens: 30, headTokens: 5 },
    { groupLengths: [], textTokens: 9, headTokens: 4 },
  ];
  const { compressed, full } = stepCostAgainstFull(rows, parseCompression('2/8'), llava15, everything);

  it('sums visual tokens over rows and layers', () => {
    expect(full.visualTokens).toBe(3 * 18432);
    expect(compressed.visualTokens).toBe(3 * 3312);
    expect(compressed.visualTokensPerLayer).toEqual([1728, 1728, ...Array.from({ length: 30 }, () => 216)]);
  });

  it('saves the paper-compatible FLOPs of the visual tokens that are gone', () => {
    const perToken = 2 * (4 * 4096 ** 2 + 3 * 4096 * 11008);
    expect(full.flopsPaper - compressed.flopsPaper).toBe(perToken * (full.visualTokens - compressed.visualTokens));
  });

  it('counts as FastV and PyramidDrop do, row by row', () => {
    const perLayer = rows.map(({ groupLengths }) => visualTokensPerLayer(groupLengths, 32, parseCompression('2/8')));
    const counted = rows.map(({ textTokens }, i) => publishedFlops(llava15.decoder, perLayer[i]!, textTokens));
    expect(compressed.flopsFastv).toBe(sum(counted.map(({ flopsFastv }) => flopsFastv)));
    expect(compressed.flopsPyramidDrop).toBe(sum(counted.map(({ flopsPyramidDrop }) => flopsPyramidDrop)));
  });

  it('costs a text-only row the same at every setting', () => {
    const text = stepCostAgainstFull(rows.slice(2), parseCompression('2/8'), llava15, everything);
    expect(text.compressed).toEqual(text.full);
    expect(text.full.flopsExact).toBeGreaterThan(0);
  });

  it('counts exact FLOPs row by row', () => {
    const alone = rows.map((one) => trainingFlops(forwardFlops(llava15, one, parseCompression('2/8')), everything));
    expect(compressed.flopsExact).toBe(alone.reduce((total, flops) => total + flops, 0));
  });
});

describe('training FLOPs of a part of the model, as by hand', () => {
  /** 4 visual tokens an image; the linear maps of a decoder layer have 120 values, a pair of positions takes 4 · 4 FLOPs. */
  const tiny: ModelShape = {
    vision: { layers: 2, hiddenSize: 3, intermediateSize: 5, imageSize: 4, patchSize: 2, hasClassToken: false },
    decoder: { layers: 2, hiddenSize: 4, intermediateSize: 6, heads: 2, kvHeads: 1, headDim: 2, vocabSize: 10 },
  };
  const tower = 2 * 4 * 12 * 3 + 2 * (2 * 4 * (4 * 9 + 2 * 15)) + 2 * (2 * 2 * 16 * 3);
  const [first, second] = [2 * 4 * 3 * 4, 2 * 4 * 4 * 4];
  const [linear, attention, head] = [2 * 5 * 120, 4 * 4 * 25, 2 * 4 * 10];
  const forwardPass = tower + first + second + 2 * linear + 2 * attention + head;
  const base: TrainingMode = { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false };
  const flops = (mode: Partial<TrainingMode>, compression = 'none'): number =>
    rowTrainingFlops(tiny, { groupLengths: [4], textTokens: 1, headTokens: 1 }, parseCompression(compression), {
      ...base,
      ...mode,
    });

  const adapters: Partial<TrainingMode> = {
    trainsDecoder: false,
    lora: { rank: 2, targets: ['q_proj', 'down_proj'] },
  };
  /** A and B of q (4 → 4) and down (6 → 4) in one layer, on 5 tokens. */
  const adapted = 2 * 5 * (2 * (4 + 4) + 2 * (6 + 4));
  /** Through both frozen layers and the head to the projector: gradients of inputs, four products of attention. */
  const throughFrozen = 2 * linear + 4 * attention + head + 2 * second + first;

  it('adapters: forward once, backward twice, and the gradient through the frozen decoder', () => {
    expect(flops(adapters)).toBe(forwardPass + throughFrozen + 3 * 2 * adapted);
  });

  it('adapters in the last layer only', () => {
    expect(flops({ ...adapters, decoderLayers: 1 })).toBe(forwardPass + throughFrozen + 3 * adapted);
  });

  it('adapters in the last layer with a frozen projector: no gradient goes below that layer', () => {
    const inLast = linear + 2 * attention + head;
    expect(flops({ ...adapters, decoderLayers: 1, trainsProjector: false })).toBe(forwardPass + inLast + 3 * adapted);
  });

  it('adapters under gradient checkpointing run again with their layers', () => {
    const again = 2 * linear + 2 * attention + 2 * adapted;
    expect(flops({ ...adapters, gradientCheckpointing: true }) - flops(adapters)).toBe(again);
  });

  it('the last decoder layer, head and projector', () => {
    expect(flops({ decoderLayers: 1 })).toBe(forwardPass + throughFrozen + linear + head);
  });

  it('the last decoder layer, where it runs on compressed tokens', () => {
    const [short, few] = [2 * 3 * 120, 4 * 4 * 9];
    const compressed = tower + first + second + linear + short + attention + few + head;
    const backward = linear + 2 * short + 2 * (attention + few) + 2 * head + 2 * second + first;
    expect(flops({ decoderLayers: 1 }, '1/2')).toBe(compressed + backward);
  });

  it('the last decoder layer alone: nothing below it has a gradient', () => {
    const backward = 2 * linear + 2 * attention + 2 * head;
    expect(flops({ decoderLayers: 1, trainsProjector: false })).toBe(forwardPass + backward);
  });

  it('the decoder behind a frozen projector and tower', () => {
    const backward = 4 * linear + 4 * attention + 2 * head;
    expect(flops({ trainsProjector: false })).toBe(forwardPass + backward);
  });

  it('the last tower layer behind a frozen projector, which the gradient passes', () => {
    const lastTowerLayer = 2 * (2 * 4 * (4 * 9 + 2 * 15)) + 2 * (2 * 2 * 16 * 3);
    const backward = 4 * linear + 4 * attention + 2 * head + second + first + lastTowerLayer;
    expect(flops({ trainsProjector: false, trainsVisionTower: true, visionLayers: 1 })).toBe(forwardPass + backward);
  });
});
