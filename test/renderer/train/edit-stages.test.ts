import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findStageProblem, pivotsOf, type StageSpec } from '../../../src/shared/stage-plan.ts';
import {
  addStage,
  atDepth,
  inMeasure,
  moveEnd,
  moveStage,
  removeStage,
  splitStage,
} from '../../../src/renderer/src/views/train/timeline/edit-stages.ts';
import { lengthsOf, measureOf, withLengths } from '../../../src/renderer/src/views/train/timeline/lengths.ts';

type Given = Omit<StageSpec, 'compressor'>;
const staged = (...given: readonly Given[]): StageSpec[] =>
  given.map((one) => ({ ...one, compressor: 'average-pool' as const }));
const equal = staged({ compression: '2/8' }, { compression: '16/8' }, { compression: 'none' });
const shares = staged(
  { share: 0.25, compression: '2/8' },
  { share: 0.25, compression: '16/8' },
  { share: 0.5, compression: 'none' },
);
const pivots = staged(
  { until: 1300, compression: '2/8' },
  { until: 2600, compression: '2/2' },
  { compression: 'none' },
);

describe('lengths of stages', () => {
  it('are parts of the run in every measure', () => {
    expect(lengthsOf(equal)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(lengthsOf(shares)).toEqual([0.25, 0.25, 0.5]);
    expect(lengthsOf(pivots, 5200)).toEqual([0.25, 0.25, 0.5]);
  });

  it('give the last stage the rest', () => {
    expect(lengthsOf(staged({ share: 0.9, compression: '2/8' }, { compression: 'none' }))[1]).toBeCloseTo(0.1, 12);
  });

  it('draw pivots of a run of unknown length with a last stage like the others', () => {
    expect(lengthsOf(pivots)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it('draw a plan that breaks the rules without holes or negative lengths', () => {
    const tooMuch = staged({ share: 0.8, compression: '2/8' }, { share: 0.8, compression: 'none' });
    expect(lengthsOf(tooMuch)).toEqual([0.5, 0.5]);
    expect(lengthsOf(staged({ until: 9, compression: '2/8' }, { compression: 'none' }), 5)).toEqual([1, 0]);
  });
});

describe('a boundary', () => {
  it('takes from one neighbour what it gives the other', () => {
    expect(moveEnd(shares, 0, 0.4).map(({ share }) => share)).toEqual([0.4, 0.1, undefined]);
  });

  it('turns equal stages into shares', () => {
    const moved = moveEnd(equal, 0, 0.5);
    expect(moved.map(({ share }) => share)).toEqual([0.5, 0.166667, undefined]);
  });

  it('moves pivots by whole steps', () => {
    expect(moveEnd(pivots, 1, 0.7501, 5197).map(({ until }) => until)).toEqual([1300, 3898, undefined]);
  });

  it('stops a step short of its neighbours', () => {
    expect(lengthsOf(moveEnd(shares, 0, 2, 100), 100)[1]).toBeCloseTo(0.01, 6);
    expect(lengthsOf(moveEnd(shares, 1, -1, 100), 100)[1]).toBeCloseTo(0.01, 6);
  });

  it('after the last stage is no boundary', () => {
    expect(moveEnd(shares, 2, 0.1)).toEqual(shares);
  });
});

describe('editing stages', () => {
  it('splits one into halves of the same setting', () => {
    const split = splitStage(shares, 2);
    expect(split.map(({ compression }) => compression)).toEqual(['2/8', '16/8', 'none', 'none']);
    expect(split.map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, undefined]);
  });

  it('does not split a stage of one step', () => {
    expect(splitStage(equal, 0, 3)).toEqual(equal);
  });

  it('adds an uncompressed one at the end', () => {
    const added = addStage(shares);
    expect(added.at(-1)).toEqual({ compression: 'none', compressor: 'average-pool' });
    expect(lengthsOf(added).at(-1)).toBeCloseTo(0.25, 6);
    expect(measureOf(addStage(equal))).toBe('equal');
  });

  it('gives the steps of a removed one to its neighbour', () => {
    expect(lengthsOf(removeStage(shares, 1))).toEqual([0.5, 0.5]);
    expect(lengthsOf(removeStage(shares, 0))).toEqual([0.5, 0.5]);
    expect(removeStage(staged({ compression: '2/8' }), 0)).toHaveLength(1);
  });

  it('reorders stages with their lengths', () => {
    const moved = moveStage(shares, 2, 0);
    expect(moved.map(({ compression }) => compression)).toEqual(['none', '2/8', '16/8']);
    expect(lengthsOf(moved)).toEqual([0.5, 0.25, 0.25]);
    expect(moveStage(shares, 0, 3)).toEqual(shares);
  });

  it('writes shares as steps and back', () => {
    const inSteps = inMeasure(shares, 'until', 600);
    expect(inSteps.map(({ until }) => until)).toEqual([150, 300, undefined]);
    expect(lengthsOf(inMeasure(inSteps, 'share', 600))).toEqual([0.25, 0.25, 0.5]);
    expect(lengthsOf(inMeasure(shares, 'equal'))).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });

  it('gives layers for another depth', () => {
    expect(atDepth(shares, 32, 4).map(({ compression }) => compression)).toEqual(['1/8', '2/8', 'none']);
  });

  it('each point names its compressor, whichever the stage has for those that do not', () => {
    const given = [{ compression: '2/8+16/2:average-pool', compressor: 'random' as const }];
    expect(atDepth(given, 32, 32)).toEqual([{ compression: '2/8:random+16/2', compressor: 'average-pool' }]);
  });
});

it('a stage dragged to its shortest keeps a step, also where its begin falls between two', () => {
  const stages = [{ share: 0.5 }, { share: 0.48 }, {}].map((length) => ({
    ...length,
    compression: '2/8',
    compressor: 'average-pool' as const,
  }));
  expect(pivotsOf(moveEnd(stages, 1, 0, 5197), 5197)).toEqual([2599, 2600, 5197]);
});

describe('any editing', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 7 });
  const edit = fc.record({
    kind: fc.constantFrom('end', 'split', 'add', 'remove', 'move', 'steps', 'shares'),
    at: fc.nat(6),
    to: fc.nat(6),
    end: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
  });

  it('leaves a plan that can run and keeps its pivots in shares to the step', () => {
    const apply = (
      stages: StageSpec[],
      { kind, at, to, end }: { kind: string; at: number; to: number; end: number },
    ) => {
      if (kind === 'end') return moveEnd(stages, at, end, 5197);
      if (kind === 'split') return splitStage(stages, at, 5197);
      if (kind === 'add') return addStage(stages, 5197);
      if (kind === 'remove') return removeStage(stages, at % stages.length, 5197);
      if (kind === 'move') return moveStage(stages, at, to, 5197);
      return inMeasure(stages, kind === 'steps' ? 'until' : 'share', 5197);
    };
    fc.assert(
      fc.property(lengths, fc.array(edit, { maxLength: 6 }), (parts, edits) => {
        const total = parts.reduce((a, b) => a + b, 0);
        const bare = parts.map(() => ({ compression: '2/8', compressor: 'average-pool' as const }));
        const first = withLengths(
          bare,
          parts.map((part) => part / total),
          'share',
          5197,
        );
        const last = edits.reduce((stages, one) => apply(stages, one), first);
        expect(findStageProblem({ stages: last, stageDepth: 32 }, 5197)).toBeUndefined();
        expect(pivotsOf(inMeasure(last, 'share', 5197), 5197)).toEqual(pivotsOf(inMeasure(last, 'until', 5197), 5197));
      }),
    );
  });
});
