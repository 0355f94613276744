import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../../src/shared/run-record.ts';
import { remainingMs, type RecentStep } from '../../../../src/renderer/src/views/run/state/remaining-time.ts';

const plan = (stages: RunPlan['stages'], totalSteps: number): RunPlan => ({
  phase: 'instruct',
  totalSteps,
  accumulate: 1,
  stages,
  model: { parameters: 1, trained: 1, depth: 4, visualTokensPerImage: 64 },
  data: { samples: 1, rows: 1, sha256: '' },
});
const TWO_STAGES = plan(
  [
    // 4 layers of 64 tokens: 64 + 3·8 = 88 at 1/8, 256 in full.
    { firstStep: 0, untilStep: 100, compression: '1/8' },
    { firstStep: 100, untilStep: 200, compression: 'none' },
  ],
  200,
);
const steps = (count: number, step: RecentStep): RecentStep[] => Array<RecentStep>(count).fill(step);

describe('remainingMs', () => {
  it('knows nothing before the first step', () => expect(remainingMs(TWO_STAGES, 0, [])).toBeUndefined());

  it('is the steps left at the usual pace where there are no stages', () => {
    const recent = [...steps(9, { stepMs: 10 }), { stepMs: 4000 }];
    expect(remainingMs({ ...plan([], 50), phase: 'vision' }, 10, recent)).toBe(400);
  });

  it('expects a later stage to take longer by its FLOPs', () => {
    const recent = steps(10, { stepMs: 10, flopsExact: 1e9, flopsFull: 3e9 });
    expect(remainingMs(TWO_STAGES, 40, recent)).toBeCloseTo(60 * 10 + 100 * 30, 6);
  });

  it('places a stage between compressed and full by its visual tokens', () => {
    const stages = [
      { firstStep: 0, untilStep: 10, compression: '1/8' },
      // 64 + 3·32 = 160 tokens: (160 − 88) / (256 − 88) of the way from 1 to 3 GFLOPs.
      { firstStep: 10, untilStep: 20, compression: '1/2' },
    ];
    const recent = steps(10, { stepMs: 10, flopsExact: 1e9, flopsFull: 3e9 });
    expect(remainingMs(plan(stages, 20), 10, recent)).toBeCloseTo(10 * 10 * (1 + (2 * 72) / 168), 6);
  });

  it('takes the pace of an uncompressed stage for all, having no other measure', () => {
    const stages = [
      { firstStep: 0, untilStep: 10, compression: 'none' },
      { firstStep: 10, untilStep: 20, compression: '1/8' },
    ];
    const recent = steps(5, { stepMs: 20, flopsExact: 3e9, flopsFull: 3e9 });
    expect(remainingMs(plan(stages, 20), 5, recent)).toBe(15 * 20);
  });

  it('is nothing at the end', () => {
    expect(remainingMs(TWO_STAGES, 200, steps(3, { stepMs: 10, flopsExact: 1, flopsFull: 1 }))).toBe(0);
  });
});
