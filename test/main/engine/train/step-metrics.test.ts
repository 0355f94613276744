import { describe, expect, it } from 'vitest';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { runCompressionRatio, trainMetricsSchema, type TrainMetrics } from '../../../../src/shared/metrics.ts';
import { INITIAL_STATE } from '../../../../src/main/engine/train/loop-state.ts';
import { stepMetrics, supervisedTokens, type StepFacts } from '../../../../src/main/engine/train/step-metrics.ts';
import { rowOf, TINY } from '../../../helpers/tiny-model.ts';
import {
  eventsOf,
  metricsOf,
  microBatch,
  sourceOf,
  stagesOf,
  tinyRecipe,
  tinyTrainer,
} from '../../../helpers/tiny-training.ts';

const facts = (rows: string[], compression: string, changes: Partial<StepFacts> = {}): StepFacts => ({
  rows: rows.map((row) => rowOf(row)),
  stage: { index: 1, firstStep: 0, untilStep: 9, compression: parseCompression(compression) },
  lr: 0.5,
  gradNorm: 2,
  stepMs: 500,
  functions: { recorded: 3, evicted: 1 },
  config: TINY,
  train: {
    parts: 'full',
    projector: 'trained',
    visionTower: 'frozen',
    cacheFeatures: false,
    precision: 'float32',
    gradientCheckpointing: false,
  },
  stepsPerEpoch: 4,
  ...changes,
});

const metricsFor = (rows: string[], compression: string, changes: Partial<StepFacts> = {}): TrainMetrics =>
  stepMetrics(INITIAL_STATE, facts(rows, compression, changes)).metrics;

describe('supervised tokens', () => {
  it.each([
    ['1 #4 >5 6 >7', 2],
    ['1 2 3', 0],
    // Nothing stands before the first token to predict it from.
    ['>1 >2 >3', 2],
  ])('of %s: %i', (row, count) => expect(supervisedTokens(rowOf(row))).toBe(count));
});

describe('one step', () => {
  // 3 decoder layers; images of 5 (remainder 1 at stride 2) and 4 visual tokens.
  const rows = ['1 #5 >6', '1 #4 7 >8 >9', '1 >2'];

  it('counts visual tokens by layer, with the remainder gone', () => {
    const metrics = metricsFor(rows, '1/2');
    expect(metrics.visualTokensPerLayer).toEqual([9, 4, 4]);
    expect(metrics.visualTokens).toBe(17);
    expect(metrics.compressionRatio).toBeCloseTo((100 * 27) / 17, 9);
    expect([metrics.visualTokensSeen, metrics.visualTokensSaved]).toEqual([17, 10]);
    expect(metrics.compression).toBe('1/2');
  });

  it('saves nothing without compression', () => {
    const metrics = metricsFor(rows, 'none');
    expect(metrics).toMatchObject({ visualTokens: 27, compressionRatio: 100, visualTokensSaved: 0 });
    expect(metrics).toMatchObject({ flopsSavedPaper: 0, flopsSavedExact: 0 });
  });

  it('saved FLOPs are those of full training less those spent', () => {
    const [short, full] = [metricsFor(rows, '1/2'), metricsFor(rows, 'none')];
    expect(short.flopsSavedPaper).toBeCloseTo(full.flopsPaper - short.flopsPaper, 3);
    expect(short.flopsSavedExact).toBeCloseTo(full.flopsExact - short.flopsExact, 3);
    expect(short.flopsSavedExact).toBeGreaterThan(0);
  });

  it('text only: no visual tokens, a ratio of 100', () => {
    expect(metricsFor(['1 >2'], '1/2')).toMatchObject({ visualTokens: 0, compressionRatio: 100 });
  });

  it('speed counts tokens before compression, so that schemes can be compared', () => {
    // 7 + 8 + 2 tokens in half a second.
    expect(metricsFor(rows, '1/2').tokensPerSecond).toBe(34);
    expect(metricsFor(rows, 'none').tokensPerSecond).toBe(34);
  });

  it('what is trained decides the cost: the tower’s backward, the projector alone, cached features', () => {
    const cost = (train: Partial<StepFacts['train']>): number =>
      metricsFor(rows, 'none', { train: { ...facts([], 'none').train, ...train } }).flopsExact;
    expect(cost({ visionTower: 'trained' })).toBeGreaterThan(cost({}));
    expect(cost({ parts: 'projector' })).toBeLessThan(cost({}));
    expect(cost({ cacheFeatures: true })).toBeLessThan(cost({}));
  });

  it('is a line of metrics.jsonl', () => {
    const metrics = metricsFor(rows, '1/2');
    expect(trainMetricsSchema.parse(metrics)).toEqual(metrics);
    expect(metrics).toMatchObject({ step: 1, epoch: 0.25, samples: 3, lr: 0.5, gradNorm: 2, stepMs: 500, stage: 1 });
    expect(metrics.supervisedTokens).toBe(4);
  });
});

describe('a run', () => {
  it('its totals are the sums of its steps, its ratio that of the totals', async () => {
    const recipe = tinyRecipe({ stages: stagesOf('0/4', 'none') });
    const source = sourceOf([[microBatch(['1 #4 >5']), microBatch(['1 >2'])], [microBatch(['1 #4 5 #4 >6'])]]);
    const trainer = tinyTrainer({ recipe, source, totalSteps: 4 });
    const lines = metricsOf(await eventsOf(trainer));
    trainer.dispose();
    const sum = (value: (line: TrainMetrics) => number): number =>
      lines.reduce((total, line) => total + value(line), 0);
    const last = lines.at(-1) as TrainMetrics;
    expect(lines.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(lines.map(({ epoch }) => epoch)).toEqual([0.5, 1, 1.5, 2]);
    expect(lines.map(({ samples }) => samples)).toEqual([2, 3, 5, 6]);
    expect(lines.map(({ visualTokens }) => visualTokens)).toEqual([3, 6, 12, 24]);
    expect(last.visualTokensSeen).toBe(sum(({ visualTokens }) => visualTokens));
    expect(last.visualTokensSaved).toBe(9 + 18);
    expect(runCompressionRatio(last)).toBeCloseTo((100 * 72) / 45, 9);
    const inFull = lines.slice(2);
    expect(last.flopsSavedExact).toBeCloseTo(
      inFull.reduce((total, { flopsExact }) => total + flopsExact, 0) -
        lines.slice(0, 2).reduce((total, { flopsExact }) => total + flopsExact, 0),
      0,
    );
    for (const line of lines) expect(trainMetricsSchema.parse(line)).toEqual(line);
  });
});
