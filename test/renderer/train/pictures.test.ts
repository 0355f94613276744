import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../src/main/engine/train/lr-schedule.ts';
import { parseCompression, summedVisualTokens } from '../../../src/shared/compression.ts';
import { relativeLearningRate } from '../../../src/renderer/src/views/train/forecast/learning-rate.ts';
import { hatching, layerBands } from '../../../src/renderer/src/views/train/timeline/token-picture.ts';

describe('bands of layers', () => {
  it('begin where tokens fall away', () => {
    expect(layerBands(576, 32, parseCompression('2/8+16/2'))).toEqual([
      { firstLayer: 0, untilLayer: 2, tokens: 576, stride: 1 },
      { firstLayer: 2, untilLayer: 16, tokens: 72, stride: 8 },
      { firstLayer: 16, untilLayer: 32, tokens: 36, stride: 16 },
    ]);
  });

  it('leave out the layers before the first point where there are none', () => {
    expect(layerBands(64, 4, parseCompression('-1/4'))).toEqual([
      { firstLayer: 0, untilLayer: 4, tokens: 16, stride: 4 },
    ]);
  });

  it('hold all tokens of all layers', () => {
    const point = fc.record({ layer: fc.integer({ min: -1, max: 7 }), stride: fc.integer({ min: 2, max: 4 }) });
    const points = fc.uniqueArray(point, { selector: ({ layer }) => layer, maxLength: 3 });
    fc.assert(
      fc.property(points, (given) => {
        const compression = parseCompression(
          given.map(({ layer, stride }) => `${layer}/${stride}`).join('+') || 'none',
        );
        const bands = layerBands(100, 8, compression);
        const held = bands.reduce((sum, band) => sum + (band.untilLayer - band.firstLayer) * band.tokens, 0);
        expect(held).toBe(summedVisualTokens([100], 8, compression));
      }),
    );
  });
});

describe('hatching', () => {
  it('covers the part of the tokens that is kept', () => {
    for (const kept of [1, 1 / 2, 1 / 8, 1 / 16, 1 / 576]) {
      const { width, period } = hatching(kept);
      expect(width / period).toBeCloseTo(kept, 12);
      expect(width).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('the preview of the learning rate', () => {
  it('is what the engine computes', () => {
    for (const schedule of ['cosine', 'linear', 'constant'] as const) {
      for (const step of [0, 10, 29, 30, 31, 400, 999]) {
        const engine = learningRateAt(step, { schedule, lr: 1, warmupSteps: 30, totalSteps: 1000 });
        expect(relativeLearningRate(step / 1000, schedule, 0.03)).toBeCloseTo(engine, 9);
      }
    }
  });

  it('rises to the end where all of the run is warm-up', () => {
    expect([0, 0.5, 1].map((at) => relativeLearningRate(at, 'cosine', 1))).toEqual([0, 0.5, 1]);
    expect(relativeLearningRate(0, 'linear', 0)).toBe(1);
  });
});
