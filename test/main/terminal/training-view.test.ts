import { describe, expect, it } from 'vitest';
import type { EngineMessage } from '../../../src/shared/engine-protocol.ts';
import type { TrainMetrics } from '../../../src/shared/metrics.ts';
import type { RunPlan } from '../../../src/shared/run-record.ts';
import {
  clockTime,
  emptyView,
  renderLine,
  renderView,
  shortNumber,
  stageStrip,
  updateView,
  type TrainingView,
} from '../../../src/main/terminal/training-view.ts';

const PLAN: RunPlan = {
  ...{ phase: 'instruct', totalSteps: 8, accumulate: 2 },
  stages: [
    { firstStep: 0, untilStep: 4, compression: '1/8' },
    { firstStep: 4, untilStep: 8, compression: 'none' },
  ],
  model: { parameters: 10, trained: 5, depth: 4, visualTokensPerImage: 64 },
  data: { samples: 20, rows: 20, sha256: '' },
};

const METRICS: TrainMetrics = {
  ...{ step: 2, epoch: 0.1, samples: 8, loss: 1.5, lr: 0.001, gradNorm: 3, stepMs: 2000, memoryBytes: 1, tensors: 1 },
  ...{ time: '2026-01-01T00:00:00.000Z', stage: 0, compression: '1/8', visualTokens: 352, visualTokensPerLayer: [352] },
  ...{ compressionRatio: 291, visualTokensSeen: 704, visualTokensSaved: 1344, flopsPaper: 1, flopsExact: 1 },
  ...{ flopsSavedPaper: 1, flopsSavedExact: 1, supervisedTokens: 3, tokensPerSecond: 5120 },
};

/** The view after some messages. */
const after = (...messages: EngineMessage[]): TrainingView => messages.reduce(updateView, emptyView('my-run'));
const begun: EngineMessage[] = [
  { type: 'plan', plan: PLAN, fromStep: 0 },
  { type: 'state', state: 'running' },
];

describe('the view of a training', () => {
  it('shows progress, stages, loss, learning rate, visual tokens, what is saved, and the time left', () => {
    const lines = renderView(after(...begun, { type: 'metrics', metrics: METRICS }), 200);
    expect(lines).toEqual([
      'my-run  ██████░░░░░░░░░░░░░░░░░░ 2/8   25 % · ETA 0:12',
      'K/S [1/8] ▸ none · CR 291 %',
      'loss 1.5000 · lr 1.00e-3 · visual tokens 352/step · saved 1.34k (66 %) · 5.12k tokens/s',
    ]);
  });

  it('counts micro-batches', () => {
    const view = after(...begun, { type: 'micro', step: 2, microBatch: 1, of: 2 });
    expect(renderView(view, 200)[0]).toMatch(/2\/8 {3}31 %/);
  });

  it('says why it is paused', () => {
    const lines = renderView(after(...begun, { type: 'state', state: 'paused', reason: 'The disk is full' }), 200);
    expect(lines[0]).toMatch(/· paused$/);
    expect(lines.at(-1)).toBe('The disk is full');
    expect(
      renderView(after({ type: 'state', state: 'paused', reason: 'x' }, { type: 'state', state: 'running' }), 200),
    ).toHaveLength(1);
  });

  it('fits into the terminal', () => {
    const lines = renderView(after(...begun, { type: 'metrics', metrics: METRICS }), 20);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(20);
  });

  it('smooths the loss', () => {
    const messages: EngineMessage[] = [1, 2].map((loss) => ({ type: 'metrics', metrics: { ...METRICS, loss } }));
    expect(after(...messages).smoothedLoss).toBeCloseTo(1.05);
  });

  it('is one line in a log', () => {
    expect(renderLine(after(...begun, { type: 'metrics', metrics: METRICS }))).toBe(
      'step 2/8 · K/S 1/8 · loss 1.5000 · lr 1.00e-3 · visual tokens 352/step · saved 1.34k (66 %) · 5.12k tokens/s · ETA 0:12',
    );
  });

  it('shows the accuracy of a vision tower', () => {
    const { step, epoch, samples, loss, lr, gradNorm, stepMs, memoryBytes, tensors, time } = METRICS;
    const vision = { step, epoch, samples, loss, lr, gradNorm, stepMs, memoryBytes, tensors, time };
    const metrics = { ...vision, accuracy: 0.875, imagesPerSecond: 64 };
    expect(renderLine(after(...begun, { type: 'metrics', metrics }))).toContain('accuracy 87.5 % · 64 images/s');
  });
});

describe('its parts', () => {
  it('the stage strip marks the stage that runs, the last one also at the end', () => {
    expect([0, 3, 4, 8].map((step) => stageStrip(PLAN, step))).toEqual([
      '[1/8] ▸ none',
      '[1/8] ▸ none',
      '1/8 ▸ [none]',
      '1/8 ▸ [none]',
    ]);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1234, '1.23k'],
    [18432000, '18.4M'],
    [8.26e12, '8.26T'],
  ])('%d is written %s', (value, text) => expect(shortNumber(value)).toBe(text));

  it.each([
    [0, '0:00'],
    [61_000, '1:01'],
    [3_723_000, '1:02:03'],
  ])('%d ms are %s', (ms, text) => expect(clockTime(ms)).toBe(text));
});
