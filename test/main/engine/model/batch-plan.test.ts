import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCompression, type Compression } from '../../../../src/shared/compression.ts';
import { withDeviceArrays } from '../../../../src/main/engine/backend/host-arrays.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { arraysUnder, compress } from '../../../../src/main/engine/model/compression-point.ts';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import { planBatch, type BatchPlan } from '../../../../src/main/engine/model/batch-plan.ts';
import { IMAGE_TOKEN, rowOf } from '../../../helpers/tiny-model.ts';

const plan = (rows: string[], compression = 'none', normaliser?: number): BatchPlan =>
  planBatch(
    rows.map((row) => rowOf(row)),
    parseCompression(compression),
    normaliser,
  );

const numbers = (plan: BatchPlan, name: string): number[] => [...(plan.arrays[name]?.data ?? [])];

/** Position ids as each stretch of layers has them, [B·T] with padding: what the compressors make of those of the entry. */
function positionsByStretch({ segments, arrays }: BatchPlan): number[][] {
  return withDeviceArrays(arrays, (device) => {
    const found: number[][] = [];
    tf.tidy(() => {
      let positions = device['positions'] as Tensor;
      segments.forEach(({ point, layout: after }, i) => {
        const before = segments[i - 1]?.layout;
        if (point && before) {
          const stream = { states: tf.zeros([positions.shape[0], 1]), positions };
          ({ positions } = compress(stream, { point, before, after }, arraysUnder(device, `point${i}`), new Map()));
        }
        found.push([...positions.dataSync()]);
      });
    });
    return found;
  });
}

/** Position ids before the layers of one stretch, one list per row without its padding. */
function positions(plan: BatchPlan, segment: number): number[][] {
  const { rows, paddedLength } = plan.segments[segment]?.layout as BatchPlan['segments'][0]['layout'];
  const all = positionsByStretch(plan)[segment] ?? [];
  expect(all.length).toBe(rows.length * paddedLength);
  return rows.map(({ length }, b) => all.slice(b * paddedLength, b * paddedLength + length));
}

interface Target {
  readonly row: number;
  /** Place within the row of the state that predicts. */
  readonly from: number;
  readonly token: number;
}

/** What is predicted from where, without padding. */
function targets(plan: BatchPlan): Target[] {
  const length = plan.segments.at(-1)?.layout.paddedLength as number;
  const rows = numbers(plan, 'targetRows').slice(0, plan.supervised);
  const tokens = numbers(plan, 'targetTokens');
  return rows.map((r, i) => ({ row: Math.floor(r / length), from: r % length, token: tokens[i] as number }));
}

describe('without compression', () => {
  // Places             0 1 2 3 4 5 6 7          0 1 2
  const rows = ['1 #4 5 >6 >7', '1 >8 >9'];
  const full = plan(rows);

  it('is one stretch of layers with positions 0, 1, 2 …', () => {
    expect(full.segments.map(({ fromLayer, point }) => [fromLayer, point])).toEqual([[0, undefined]]);
    expect(positions(full, 0)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2],
    ]);
    expect([full.batch, full.visualTokens, full.supervised]).toEqual([2, 4, 4]);
  });

  it('text is embedded, visual tokens come after all text rows, padding is token 0', () => {
    expect(numbers(full, 'tokenIds')).toEqual([...[1, 0, 0, 0, 0, 5, 6, 7], ...[1, 8, 9, 0, 0, 0, 0, 0]]);
    const source = numbers(full, 'mergeSource');
    expect(source.slice(0, 8)).toEqual([0, 16, 17, 18, 19, 5, 6, 7]);
    expect(source.slice(8)).toEqual(Array.from({ length: 8 }, (_, i) => i + 8));
  });

  it('each supervised token is predicted from the place before it', () => {
    expect(targets(full)).toEqual([
      { row: 0, from: 5, token: 6 },
      { row: 0, from: 6, token: 7 },
      { row: 1, from: 0, token: 8 },
      { row: 1, from: 1, token: 9 },
    ]);
  });

  it('weights share one loss; padding weighs nothing', () => {
    expect(numbers(full, 'targetWeights')).toEqual([0.25, 0.25, 0.25, 0.25, ...Array<number>(12).fill(0)]);
    expect(numbers(plan(rows, 'none', 8), 'targetWeights').slice(0, 5)).toEqual([0.125, 0.125, 0.125, 0.125, 0]);
  });

  it('generation goes on from the last token of each row', () => {
    expect(numbers(full, 'lastRows')).toEqual([7, 8 + 2]);
  });

  it('the first token of a row is predicted by nothing', () => {
    expect(targets(plan(['>1 >2']))).toEqual([{ row: 0, from: 0, token: 2 }]);
  });

  it('a row without supervised tokens has no targets, and a batch of such rows a normaliser that is not 0', () => {
    const none = plan(['1 2 3']);
    expect(none.supervised).toBe(0);
    expect(numbers(none, 'targetWeights').every((weight) => weight === 0)).toBe(true);
  });
});

describe('before layer K ≥ 0', () => {
  it('the layers below see everything, those from K on the short rows; text keeps its positions', () => {
    const short = plan(['1 #4 5 >6 >7', '1 >8 >9'], '2/2');
    expect(short.segments.map(({ fromLayer, point }) => [fromLayer, point?.stride])).toEqual([
      [0, undefined],
      [2, 2],
    ]);
    expect(positions(short, 0)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2],
    ]);
    expect(positions(short, 1)).toEqual([
      [0, 1, 3, 5, 6, 7],
      [0, 1, 2],
    ]);
    expect(targets(short)).toEqual([
      { row: 0, from: 3, token: 6 },
      { row: 0, from: 4, token: 7 },
      { row: 1, from: 0, token: 8 },
      { row: 1, from: 1, token: 9 },
    ]);
    expect(numbers(short, 'lastRows')).toEqual([5, 8 + 2]);
  });

  it('a supervised token just after an image is predicted by the last pooled token', () => {
    expect(targets(plan(['1 #5 >6'], '0/2'))).toEqual([{ row: 0, from: 2, token: 6 }]);
  });

  it('a supervised token after two images whose remainders went', () => {
    const short = plan(['#3 2 #3 >4'], '1/2');
    expect(positions(short, 1)).toEqual([[0, 3, 4, 7]]);
    expect(targets(short)).toEqual([{ row: 0, from: 2, token: 4 }]);
  });

  it('K = 0 shortens before the first layer: a stretch without layers, then the rest', () => {
    const short = plan(['1 #4 5'], '0/4');
    expect(short.segments.map(({ fromLayer }) => fromLayer)).toEqual([0, 0]);
    expect(positions(short, 1)).toEqual([[0, 2, 5]]);
    expect(short.beforeDecoder).toBeUndefined();
  });

  it('several points act one after the other', () => {
    const short = plan(['1 #8 >5'], '0/2+2/2');
    expect(short.segments.map(({ fromLayer }) => fromLayer)).toEqual([0, 0, 2]);
    expect(positions(short, 0)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
    expect(positions(short, 1)).toEqual([[0, 1, 3, 5, 7, 9]]);
    expect(positions(short, 2)).toEqual([[0, 2, 6, 9]]);
    expect(targets(short)).toEqual([{ row: 0, from: 2, token: 5 }]);
    expect(numbers(short, 'point1/assignment').slice(0, 10)).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
    expect(numbers(short, 'point2/assignment').slice(0, 6)).toEqual([0, 1, 1, 2, 2, 3]);
  });
});

describe('before the decoder, K = −1', () => {
  const short = plan(['1 #4 5 >6', '#2 #3 >7'], '-1/2');

  it('rows start short, with positions that count on without a gap', () => {
    expect(short.segments).toHaveLength(1);
    expect(short.beforeDecoder?.point).toMatchObject({ layer: -1, stride: 2 });
    expect(positions(short, 0)).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2],
    ]);
  });

  it('the projector’s output is pooled group by group: rows of 4, 2 and 3', () => {
    expect(numbers(short, 'beforeDecoder/assignment')).toEqual([0, 0, 1, 1, 2, 2, 3, 3, -1]);
  });

  it('pooled tokens take the visual places in order', () => {
    const source = numbers(short, 'mergeSource');
    expect(source.slice(0, 5)).toEqual([0, 16, 17, 3, 4]);
    expect(source.slice(8, 11)).toEqual([18, 19, 10]);
    expect(numbers(short, 'tokenIds').slice(0, 5)).toEqual([1, 0, 0, 5, 6]);
  });

  it('targets follow', () => {
    expect(targets(short)).toEqual([
      { row: 0, from: 3, token: 6 },
      { row: 1, from: 1, token: 7 },
    ]);
  });

  it('with another point inside the decoder', () => {
    const both = plan(['1 #8 >5'], '-1/2+1/2');
    expect(positions(both, 0)).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(positions(both, 1)).toEqual([[0, 1, 3, 5]]);
  });

  it('a batch without images', () => {
    const text = plan(['1 2 >3'], '-1/4');
    expect(positions(text, 0)).toEqual([[0, 1, 2]]);
    expect(text.visualTokens).toBe(0);
  });
});

describe('padding', () => {
  const lengths = (rows: string[], compression: string): number[] =>
    plan(rows, compression).segments.map(({ layout }) => layout.paddedLength);

  it('where all rows lose the same, so does the padding: a setting adds no lengths of its own', () => {
    expect(lengths(['1 #30 >5', '1 #30 2'], '1/2')).toEqual([32, 17]);
    expect(lengths(['1 2 3', '4 5'], '1/2')).toEqual([8, 8]);
  });

  it('else it is chosen anew for the longest row', () => {
    expect(lengths(['1 #30 >5', '1 2'], '1/2')).toEqual([32, 24]);
    expect(lengths(['1 #31 >5', '1 2'], '1/4')).toEqual([40, 16]);
  });

  it('targets are padded to 16, 32 …', () => {
    const supervised = (count: number): string =>
      ['1', ...Array.from({ length: count }, (_, i) => `>${i + 2}`)].join(' ');
    const padded = [0, 16, 17, 33].map((count) => numbers(plan([supervised(count)]), 'targetRows').length);
    expect(padded).toEqual([16, 16, 32, 64]);
  });
});

describe('any batch', () => {
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }).map(String) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map((token) => `>${token}`) },
    { weight: 1, arbitrary: fc.integer({ min: 8, max: 20 }).map((length) => `#${length}`) },
  );
  const row = fc.array(word, { minLength: 1, maxLength: 10 }).map((words) => rowOf(['1', ...words].join(' ')));
  const batch = fc.array(row, { minLength: 1, maxLength: 4 });
  const compression: fc.Arbitrary<Compression> = fc
    .uniqueArray(fc.tuple(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 2, max: 4 })), {
      maxLength: 2,
      selector: ([layer]) => layer,
    })
    .map((points) => (points.length === 0 ? [] : parseCompression(points.map(([k, s]) => `${k}/${s}`).join('+'))));

  const supervisedOf = ({ labels }: EncodedRow): number[] => [...labels.subarray(1)].filter((label) => label >= 0);

  it('every supervised token is a target once, in order, whatever the compression', () => {
    fc.assert(
      fc.property(batch, compression, (rows, setting) => {
        const found = targets(planBatch(rows, setting));
        rows.forEach((row, b) => {
          expect(found.filter((target) => target.row === b).map(({ token }) => token)).toEqual(supervisedOf(row));
        });
      }),
    );
  });

  it('targets are read from real tokens of their row, never from padding, and never the last', () => {
    fc.assert(
      fc.property(batch, compression, (rows, setting) => {
        const planned = planBatch(rows, setting);
        const layout = planned.segments.at(-1)?.layout;
        for (const { row, from } of targets(planned)) {
          expect(from).toBeLessThan((layout?.rows[row]?.length as number) - 1);
        }
      }),
    );
  });

  it('text and its order survive every stretch; groups have the lengths of the setting', () => {
    fc.assert(
      fc.property(batch, compression, (rows, setting) => {
        const planned = planBatch(rows, setting);
        planned.segments.forEach((segment) => {
          const strides = setting.filter(({ layer }) => layer <= (segment.point?.layer ?? -1)).map((p) => p.stride);
          segment.layout.rows.forEach((layout, b) => {
            const row = rows[b] as EncodedRow;
            const text = [...row.tokenIds].flatMap((token, i) => (token === IMAGE_TOKEN ? [] : [i]));
            expect([...layout.origin].filter((from) => from >= 0)).toEqual(text);
            const lengths = row.groups.map(({ length }) => strides.reduce((left, s) => Math.floor(left / s), length));
            expect(layout.groups.map(({ length }) => length)).toEqual(lengths);
          });
        });
      }),
    );
  });

  it('the merge takes every visual token once, in order, and every text token from its own place', () => {
    fc.assert(
      fc.property(batch, compression, (rows, setting) => {
        const planned = planBatch(rows, setting);
        const source = numbers(planned, 'mergeSource');
        const visual = source.filter((from) => from >= source.length);
        expect(visual).toEqual(visual.map((_, i) => source.length + i));
        source.forEach((from, i) => expect(from >= source.length || from === i).toBe(true));
      }),
    );
  });

  it('a row is planned the same alone and in company', () => {
    fc.assert(
      fc.property(batch, compression, (rows, setting) => {
        const together = planBatch(rows, setting);
        rows.forEach((row, b) => {
          const alone = planBatch([row], setting);
          alone.segments.forEach((_, i) => expect(positions(alone, i)[0]).toEqual(positions(together, i)[b]));
          const mine = targets(together).filter((target) => target.row === b);
          expect(targets(alone)).toEqual(mine.map((target) => ({ ...target, row: 0 })));
        });
      }),
    );
  });
});
