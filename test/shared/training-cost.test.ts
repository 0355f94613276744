import { describe, expect, it } from 'vitest';
import { FULL, parseCompression } from '../../src/shared/compression.ts';
import { forwardFlops, totalFlops, type FlopsByPart } from '../../src/shared/exact-flops.ts';
import { stepCostAgainstFull, trainingFlops, type TrainingMode } from '../../src/shared/training-cost.ts';
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
