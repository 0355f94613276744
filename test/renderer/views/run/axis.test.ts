import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../../src/shared/run-record.ts';
import { axesOf, stageBands, xOfStep } from '../../../../src/renderer/src/views/run/metrics/axis.ts';
import { layerColumns, layerShares, stageOfStep } from '../../../../src/renderer/src/views/run/metrics/layer-strip.ts';

const STAGES = [
  { firstStep: 0, untilStep: 10, compression: '1/8' },
  { firstStep: 10, untilStep: 20, compression: 'none' },
];
const PLAN: RunPlan = {
  phase: 'instruct',
  totalSteps: 20,
  accumulate: 1,
  stages: STAGES,
  model: { parameters: 1, trained: 1, depth: 4, visualTokensPerImage: 64 },
  data: { samples: 1, rows: 1, sha256: '' },
};

describe('axes', () => {
  it('of a vision tower have no visual tokens', () => {
    expect(axesOf('vision')).not.toContain('visualTokens');
    expect(axesOf('instruct')).toContain('visualTokens');
  });

  it('place a step between the recorded points around it', () => {
    expect(xOfStep([2, 4, 8], [20, 40, 100], 4)).toBe(40);
    expect(xOfStep([2, 4, 8], [20, 40, 100], 6)).toBe(70);
    expect(xOfStep([2, 4, 8], [20, 40, 100], 1)).toBe(10);
    expect(xOfStep([2, 4, 8], [20, 40, 100], 9)).toBeUndefined();
    expect(xOfStep([], [], 1)).toBeUndefined();
  });
});

describe('stageBands', () => {
  it('are those of the plan on the axis of steps', () => {
    expect(stageBands(STAGES, 'step', { steps: [], x: [] })).toEqual([
      { from: 0, to: 10, compression: '1/8' },
      { from: 10, to: 20, compression: 'none' },
    ]);
  });

  it('end where the run has come to on other axes', () => {
    expect(stageBands(STAGES, 'samples', { steps: [5], x: [50] })).toEqual([
      { from: 0, to: undefined, compression: '1/8' },
    ]);
    expect(stageBands(STAGES, 'samples', { steps: [5, 15], x: [50, 150] })).toEqual([
      { from: 0, to: 100, compression: '1/8' },
      { from: 100, to: undefined, compression: 'none' },
    ]);
  });
});

describe('the strip of layers', () => {
  it('shares the tokens of a step out as compression does', () => {
    // 64 + 3 · 8 tokens.
    expect(layerShares(PLAN.model, '1/8')).toEqual([64 / 88, 8 / 88, 8 / 88, 8 / 88]);
    expect(layerShares(PLAN.model, 'none')).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('takes the last step of a stage as its own', () => {
    expect(stageOfStep(STAGES, 1)?.compression).toBe('1/8');
    expect(stageOfStep(STAGES, 10)?.compression).toBe('1/8');
    expect(stageOfStep(STAGES, 11)?.compression).toBe('none');
    expect(stageOfStep(STAGES, 21)).toBeUndefined();
  });

  it('gives each layer its tokens of the recorded step, and nothing where nothing was recorded', () => {
    const steps = Float64Array.of(2, 12);
    const tokens = Float64Array.of(880, 2560);
    const none = new Float64Array();
    const columns = layerColumns(PLAN, { steps, x: steps, y: tokens, mean: tokens }, { from: 0, to: 20 }, 10);
    expect(columns[0]).toMatchObject({ step: 2, compression: '1/8' });
    expect(columns[0]!.tokens.map(Math.round)).toEqual([640, 80, 80, 80]);
    expect(columns.at(-1)).toMatchObject({ step: 12, compression: 'none', tokens: [640, 640, 640, 640] });
    expect(columns.at(-1)!.x).toBeLessThan(15);
    const nothing = { steps: none, x: none, y: none, mean: none };
    expect(layerColumns(PLAN, nothing, { from: 0, to: 20 }, 10)).toEqual([]);
  });
});
