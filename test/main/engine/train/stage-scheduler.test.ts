import { describe, expect, it } from 'vitest';
import { formatCompression } from '../../../../src/shared/compression.ts';
import { StageScheduler } from '../../../../src/main/engine/train/stage-scheduler.ts';

/** The stages of the reference trainings: 12 steps of a 6-layer model, pivots 3, 6, 9. */
const settings = ['1/8', '1/2', '4/2', 'none'];
const stages = settings.map((compression) => ({ compression, compressor: 'average-pool' }) as const);

describe('stage scheduler', () => {
  const scheduler = new StageScheduler({ stages, stageDepth: 6 }, 12, 6);

  it('switches on optimizer steps', () => {
    const steps = Array.from({ length: 12 }, (_, step) => step);
    expect(steps.map((step) => formatCompression(scheduler.at(step).compression))).toEqual(
      settings.flatMap((setting) => [setting, setting, setting]),
    );
    expect(steps.filter((step) => scheduler.isSwitch(step))).toEqual([0, 3, 6, 9]);
  });

  it('tells a step from its number alone, whatever was asked before', () => {
    expect(scheduler.at(7)).toEqual(new StageScheduler({ stages, stageDepth: 6 }, 12, 6).at(7));
    expect(scheduler.at(0).index).toBe(0);
  });

  it('reports scaled layers', () => {
    const scaled = new StageScheduler(
      { stages: [{ compression: '2/8', compressor: 'average-pool' }], stageDepth: 32 },
      4,
      12,
    );
    expect(formatCompression(scaled.at(0).compression)).toBe('1/8');
    expect(scaled.notices).toEqual(['stage 1: 2/8 runs as 1/8 (layer 2 of 32 → 1 of 12)']);
  });
});
