import { describe, expect, it } from 'vitest';
import { compressRows, layoutRow, type CompressedRows } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

type Attention = (query: number, t: number) => number;

/** @param values of each row, of each of its tokens */
function compressed(
  texts: string[],
  stride: number,
  values: readonly (readonly number[])[],
  attention: Attention,
): CompressedRows {
  const rows = texts.map((text) => layoutRow(text));
  const width = 8 * Math.ceil(Math.max(...rows.map(({ length }) => length)) / 8);
  const states = values.map((row) => row.map((value) => [value]));
  return compressRows('sparse-vlm', rows, stride, states, {
    attention: (queries) => queries.map((query) => Array.from({ length: width }, (_, t) => attention(query, t))),
  });
}

/** Places of each row that stay or are put together with others. */
const placesOf = ({ assignment }: CompressedRows): number[][] =>
  assignment.map((row) => row.flatMap((to, t) => (to >= 0 ? [t] : [])));

// Of four tokens two stay: too few are dropped for any to be recycled.
const FOUR = 't # # # # t t > t';
/** Softmax of 0 and this, for a token of value 1, is 1/4 and 3/4. */
const LN3 = Math.log(3);

describe('raters', () => {
  const attention: Attention = (query, t) => {
    if (query % 16 === 5) return [0, 9, 0, 0, 0][t] ?? 0;
    if (query % 16 === 6) return [0, 0, 2, 0, 3][t] ?? 0;
    return t === 3 ? 100 : 0;
  };

  it('are the words of more than average relevance to the image', () => {
    expect(placesOf(compressed([FOUR], 2, [[0, 1, 1, 1, 1, 0, LN3, 9, 9]], attention))).toEqual([
      [0, 2, 4, 5, 6, 7, 8],
    ]);
    expect(placesOf(compressed([FOUR], 2, [[0, 1, 1, 1, 1, LN3, 0, 9, 9]], attention))).toEqual([
      [0, 1, 2, 5, 6, 7, 8],
    ]);
  });

  it('are all words where all matter alike: their mean counts', () => {
    // Means 4.5, 1, 0 and 1.5.
    expect(placesOf(compressed([FOUR], 2, [[0, 1, 1, 1, 1, 7, 7, 9, 9]], attention))).toEqual([[0, 1, 4, 5, 6, 7, 8]]);
  });

  it('are counted by the tokens’ mean: three tokens against one', () => {
    // Value −1 turns the softmax round: (3·1/4 + 3/4) / 4 for the first word, (3·3/4 + 1/4) / 4 for the second.
    expect(placesOf(compressed([FOUR], 2, [[0, 1, 1, 1, -1, 0, LN3, 9, 9]], attention))).toEqual([
      [0, 2, 4, 5, 6, 7, 8],
    ]);
  });

  it('of an image are words of its own row and question; without words the last token before the answer', () => {
    const texts = ['# # t > # # t >', FOUR, 't t', '# # >'];
    const rates: Attention = (query, t) => {
      if (query === 2) return [1, 2, 0, 0, 9, 1][t] ?? 0;
      if (query === 6) return [9, 0, 0, 0, 4, 5][t] ?? 0;
      if (query >= 16 && query < 32) return attention(query, t);
      return query === 48 + 1 ? ([3, 1][t] ?? 0) : t;
    };
    const values = [
      [1, 1, 5, 0, 1, 1, -5, 0],
      [0, 1, 1, 1, 1, 0, LN3, 9, 9],
      [1, 1],
      [1, 1, 1],
    ];
    const width = 16;
    const rows = compressed(texts, 2, values, rates);
    expect(rows.assignment.every((row) => row.length === width)).toBe(true);
    expect(placesOf(rows)).toEqual([
      [1, 2, 3, 5, 6, 7],
      [0, 2, 4, 5, 6, 7, 8],
      [0, 1],
      [0, 2],
    ]);
  });
});

/** A row of visual tokens behind `t`, rated by place: the first most. */
const visual = (count: number): string => `t ${'# '.repeat(count)}t >`;
const falling: Attention = (_, t) => 100 - t;

describe('recycling', () => {
  // 20 tokens, 5 stay; 15 are dropped, so 4 are recycled as one cluster: 4 stay whole, the next 4 become their mean.
  const values = [0, 5, 6, 7, 8, 1, 1.1, 1.2, 3, ...Array<number>(12).fill(50), 0, 0];

  it('puts the tokens rated next together, at the place of the densest', () => {
    const { states, positions, assignment } = compressed([visual(20)], 4, [values], falling);
    // Mean squared distances: 1.0125, 0.9075, 0.8225, 2.7125. The third is the densest.
    const after = states[0]?.flat().slice(0, 8) as number[];
    [0, 5, 6, 7, 8, 1.575, 0, 0].forEach((value, i) => expect(after[i]).toBeCloseTo(value, 5));
    expect(positions[0]?.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 7, 21, 22]);
    expect(assignment[0]?.slice(0, 23)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 5, 5, 5],
      ...Array<number>(12).fill(-1),
      ...[6, 7],
    ]);
  });

  // 40 tokens, 5 stay; 35 are dropped, so 10 are recycled as two clusters: 3 stay whole.
  const PEAKS = [0, 10, 0.1, 10.1, 0.2, 10.2, 0.3, 10.3, 0.4, 10.4];
  const two = [0, 5, 6, 7, ...PEAKS, ...Array<number>(27).fill(50), 0, 0];

  it('makes a cluster for every ten, and one more, each at its peak', () => {
    const { states, positions, assignment } = compressed([visual(40)], 8, [two], falling);
    const after = states[0]?.flat().slice(0, 8) as number[];
    [0, 5, 6, 7, 0.2, 10.2, 0, 0].forEach((value, i) => expect(after[i]).toBeCloseTo(value, 4));
    expect(positions[0]?.slice(0, 8)).toEqual([0, 1, 2, 3, 8, 9, 41, 42]);
    expect(assignment[0]?.slice(4, 14)).toEqual([4, 5, 4, 5, 4, 5, 4, 5, 4, 5]);
  });

  it('does for a row in company what it does alone, and for both images of a row', () => {
    const both = `t ${'# '.repeat(20)}| ${'# '.repeat(40)}t >`;
    const joined = [0, ...values.slice(1, 21), ...two.slice(1, 41), 0, 0];
    const rows = [both, visual(20), 't t'];
    const { states, assignment } = compressed(rows, 4, [joined, values, [1, 2]], falling);
    const after = states[0]?.flat() as number[];
    [0, 5, 6, 7, 8, 1.575].forEach((value, i) => expect(after[i]).toBeCloseTo(value, 5));
    // Of 40 tokens 10 stay: 30 are dropped, 9 recycled as one cluster.
    expect(assignment[0]?.slice(21, 21 + 18)).toEqual([
      ...[6, 7, 8, 9, 10, 11, 12, 13, 14],
      ...Array<number>(9).fill(15),
    ]);
    expect(states[1]?.flat()[5]).toBeCloseTo(1.575, 5);
    expect(states[2]?.flat().slice(0, 2)).toEqual([1, 2]);
  });

  it('of tokens that are all alike still keeps as many', () => {
    const { assignment, states } = compressed([visual(40)], 8, [Array<number>(43).fill(2)], falling);
    expect(new Set(assignment[0]?.slice(1, 41))).toEqual(new Set([-1, 1, 2, 3, 4, 5]));
    expect(states[0]?.flat().slice(0, 8)).toEqual(Array(8).fill(2));
  });

  it('leaves no tensors', () =>
    expectNoLeakedTensors(() => compressed([visual(40), visual(20), 't t'], 8, [two, values, [1, 2]], falling)));
});
