import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCompression } from '../../src/shared/compression.ts';
import { InputError } from '../../src/shared/errors.ts';
import { averageCompressionRatio, averageVisualTokens, resolveStages, stageAt } from '../../src/shared/stage.ts';
import { isSamePlan, type StagePlan, type StageSpec } from '../../src/shared/stage-plan.ts';

type Given = Omit<StageSpec, 'compressor'>;
const plan = (stages: readonly Given[], stageDepth = 32): StagePlan => ({
  stages: stages.map((stage) => ({ ...stage, compressor: 'average-pool' })),
  stageDepth,
});
const pivots = (stages: readonly Given[], totalSteps: number): number[] =>
  resolveStages(plan(stages), totalSteps, 32).stages.map((stage) => stage.untilStep);

describe('stages of a run', () => {
  it('split the steps equally where nothing is said', () => {
    expect(pivots([{ compression: '2/8' }, { compression: '16/8' }, { compression: 'none' }], 100)).toEqual([
      33, 67, 100,
    ]);
  });

  it('split them by shares, the last taking the rest', () => {
    expect(pivots([{ share: 0.25, compression: '2/8' }, { compression: 'none' }], 10)).toEqual([3, 10]);
    expect(
      pivots(
        [
          { share: 0.9, compression: '2/8' },
          { share: 0.1, compression: 'none' },
        ],
        10,
      ),
    ).toEqual([9, 10]);
  });

  it('end at pivots', () => {
    expect(
      pivots([{ until: 1300, compression: '2/8' }, { until: 2600, compression: '2/2' }, { compression: 'none' }], 5197),
    ).toEqual([1300, 2600, 5197]);
  });

  it('may go back to heavier compression', () => {
    const { stages } = resolveStages(plan([{ compression: 'none' }, { compression: '2/8' }]), 10, 32);
    expect([4, 5].map((step) => formatCompression(stageAt(stages, step).compression))).toEqual(['none', '2/8']);
  });

  it('say where layers are scaled to the model', () => {
    const { stages, notices } = resolveStages(plan([{ compression: '2/8+16/2' }, { compression: 'none' }]), 10, 6);
    expect(formatCompression(stages[0]!.compression)).toBe('1/8+3/2');
    expect(notices).toEqual(['stage 1: 2/8+16/2 runs as 1/8+3/2 (layer 2 of 32 → 1 of 6, layer 16 of 32 → 3 of 6)']);
    expect(resolveStages(plan([{ compression: '2/8' }]), 10, 32).notices).toEqual([]);
  });

  it('partition the steps', () => {
    const shares = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 5000 }), (parts, extra) => {
        const total = parts.reduce((a, b) => a + b, 0);
        const totalSteps = total + extra; // so that every stage gets a step
        const given = parts.map((part) => ({ share: part / total, compression: 'none' }));
        const { stages } = resolveStages(plan(given), totalSteps, 32);
        expect(stages[0]!.firstStep).toBe(0);
        expect(stages.at(-1)!.untilStep).toBe(totalSteps);
        for (const [index, stage] of stages.entries()) {
          expect(stage.untilStep).toBeGreaterThan(stage.firstStep);
          if (index > 0) expect(stage.firstStep).toBe(stages[index - 1]!.untilStep);
          expect(stageAt(stages, stage.firstStep)).toBe(stage);
          expect(stageAt(stages, stage.untilStep - 1)).toBe(stage);
          expect(Math.abs(stage.untilStep - stage.firstStep - given[index]!.share * totalSteps)).toBeLessThanOrEqual(1);
        }
        expect(() => stageAt(stages, totalSteps)).toThrow(RangeError);
      }),
    );
  });
});

describe('a plan that cannot run', () => {
  it.each<[string, readonly Given[], RegExp]>([
    [
      'more stages than steps',
      [{ compression: '2/8' }, { compression: '2/4' }, { compression: 'none' }],
      /stages\[\d\]: must last at least one of the run's 2 steps/,
    ],
    [
      'a share too small for a step',
      [{ share: 0.01, compression: '2/8' }, { compression: 'none' }],
      /stages\[0\]: must last at least one of/,
    ],
    [
      'shares beyond 1',
      [
        { share: 0.8, compression: '2/8' },
        { share: 0.8, compression: 'none' },
      ],
      /shares must sum to 1, and is 1.6/,
    ],
    [
      'shares below 1',
      [
        { share: 0.2, compression: '2/8' },
        { share: 0.2, compression: 'none' },
      ],
      /shares must sum to 1/,
    ],
    ['no rest', [{ share: 1, compression: '2/8' }, { compression: 'none' }], /leave a rest/],
    [
      'a share missing in the middle',
      [{ share: 0.2, compression: '2/8' }, { compression: '2/2' }, { compression: 'none' }],
      /stages\[1\]: needs share/,
    ],
    [
      'shares and pivots',
      [
        { share: 0.5, compression: '2/8' },
        { until: 2, compression: 'none' },
      ],
      /stages\[1\].until: must not be mixed with share/,
    ],
    [
      'pivots that fall',
      [{ until: 2, compression: '2/8' }, { until: 1, compression: '2/2' }, { compression: 'none' }],
      /stages\[1\]: must last at least one of/,
    ],
    [
      'a pivot beyond the run',
      [{ until: 3, compression: '2/8' }, { compression: 'none' }],
      /stages\[0\].until: must be at most 2/,
    ],
    [
      'a run that goes on after its last stage',
      [{ until: 1, compression: '2/8' }],
      /stages\[0\].until: the last stage must end with the run, at 2/,
    ],
    [
      'a layer outside the depth',
      [{ compression: '32/2' }],
      /stages\[0\].compression: layer must be between -1 and 31/,
    ],
    ['no notation', [{ compression: '2:8' }], /stages\[0\].compression: must be 'none' or points/],
  ])('is refused: %s', (_, stages, message) => {
    expect(() => resolveStages(plan(stages), 2, 32)).toThrow(InputError);
    expect(() => resolveStages(plan(stages), 2, 32)).toThrow(message);
  });
});

describe('average over a run', () => {
  it('weighs every stage by its steps', () => {
    const { stages } = resolveStages(plan([{ share: 0.25, compression: '2/8' }, { compression: 'none' }]), 8, 32);
    expect(averageVisualTokens(stages, [576], 32)).toBe((3312 + 3 * 18432) / 4);
    expect(averageCompressionRatio(stages, [576], 32)).toBeCloseTo((100 * 18432) / 14652, 9);
  });
});

describe('plans that are written alike', () => {
  const staged = plan([{ compression: '2/8', share: 0.5 }, { compression: 'none' }]);

  it('are the same where every stage and the depth are', () => {
    expect(isSamePlan(staged, structuredClone(staged))).toBe(true);
  });

  it.each<[string, StagePlan]>([
    ['a setting', plan([{ compression: '2/4', share: 0.5 }, { compression: 'none' }])],
    ['a share', plan([{ compression: '2/8', share: 0.4 }, { compression: 'none' }])],
    ['the number of stages', plan([{ compression: '2/8', share: 0.5 }])],
    ['the depth', { ...staged, stageDepth: 24 }],
    ['a compressor', { ...staged, stages: staged.stages.map((stage) => ({ ...stage, compressor: 'random' })) }],
  ])('are not where %s differs', (_, other) => {
    expect(isSamePlan(staged, other)).toBe(false);
    expect(isSamePlan(other, staged)).toBe(false);
  });
});
