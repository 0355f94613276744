import { describe, expect, it } from 'vitest';
import { compressRows, layoutRow, plannedPoint } from '../../../helpers/compressor.ts';
import { compressorNamed } from '../../../../src/main/engine/compressor/compressors.ts';
import type { CompressorName } from '../../../../src/shared/compressors.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** Padded length of all rows here. */
const WIDTH = 16;
//       places 0 1 2 3 4 5 6 7 8 9
const ANSWERED = 't # # # # # t t > t';
//       places   0 1 2 3 4 5 6 7 8
const OPEN = '    # # t # # # # t t';
const TEXT = '    t t t';

const queriesOf = (name: CompressorName, texts: string[]): number[] => {
  const rows = texts.map((text) => layoutRow(text));
  const arrays = compressorNamed(name).plan(plannedPoint(rows, { layer: 2, stride: 2, compressor: name }));
  return [...(arrays['queries']?.data ?? [])];
};

/** Places of each row that stay; `attention` is what the tokens that ask pay to place t. */
function kept(name: CompressorName, texts: string[], attention: (query: number, t: number) => number): number[][] {
  const rows = texts.map((text) => layoutRow(text));
  const states = rows.map(({ length }) => Array.from({ length }, (_, t) => [t]));
  const compressed = compressRows(name, rows, 2, states, {
    attention: (queries) => queries.map((query) => Array.from({ length: WIDTH }, (_, t) => attention(query, t))),
  });
  return rows.map(({ length }, b) => {
    const places = [...(compressed.assignment[b] ?? [])].flatMap((to, t) => (to >= 0 ? [t] : []));
    const after = compressed.states[b]?.slice(0, places.length).flat();
    expect(after).toEqual(places);
    expect(compressed.positions[b]?.slice(0, places.length)).toEqual(places);
    expect(places.every((t) => t < length)).toBe(true);
    return places;
  });
}

describe('who asks', () => {
  it('is the last token before the answer; where none is given, the last token', () => {
    expect(queriesOf('attention', [ANSWERED, OPEN])).toEqual([7, WIDTH + 8]);
  });

  it('is for each image the first question behind it', () => {
    // Answers begin at 3 and 8; the images lie before the first and between them.
    expect(queriesOf('attention', ['# # t > t # # t >'])).toEqual([2, 7]);
  });

  it('is padded where a row has fewer questions, and text alone asks for nothing', () => {
    expect(queriesOf('attention', ['# # t > t # # t >', OPEN, TEXT])).toEqual([2, 7, 24, 16, 32, 32]);
  });

  it('is every token where all are asked', () => {
    expect(queriesOf('attention-all', [ANSWERED])).toEqual(Array.from({ length: WIDTH }, (_, t) => t));
  });
});

describe('what stays', () => {
  const rising = (_: number, t: number): number => t / 100;

  it('is the half of each image that gets most, in raster order, for every row of the batch', () => {
    expect(kept('attention', [ANSWERED, OPEN, TEXT], rising)).toEqual([
      [0, 4, 5, 6, 7, 8, 9],
      [1, 2, 5, 6, 7, 8],
      [0, 1, 2],
    ]);
  });

  it('follows the scores of the own row and question', () => {
    const oddFirst = (query: number, t: number): number => (query < WIDTH ? t % 2 : 1 - (t % 2)) + t / 1000;
    expect(kept('attention', [ANSWERED, OPEN], oddFirst)).toEqual([
      [0, 3, 5, 6, 7, 8, 9],
      [0, 2, 4, 6, 7, 8],
    ]);
    const byQuestion = (query: number, t: number): number => (query === 2 ? -t : t);
    expect(kept('attention', ['# # t > t # # t >'], byQuestion)).toEqual([[0, 2, 3, 4, 6, 7, 8]]);
  });

  it('of equal scores is the first', () => {
    expect(kept('attention', [ANSWERED], () => 0.25)).toEqual([[0, 1, 2, 6, 7, 8, 9]]);
  });

  it('by all tokens is the mean over those up to the question: the answer has no say', () => {
    // Tokens 0 … 7 look at place 2 a little; the answer looks at place 5 alone.
    const attention = (query: number, t: number): number =>
      query > 7 ? Number(t === 5) * 100 : ([0, 0, 3, 2, 1, 0][t] ?? 0);
    expect(kept('attention-all', [ANSWERED], attention)).toEqual([[0, 2, 3, 6, 7, 8, 9]]);
    // One token that looks hard outweighs the others.
    const onlyOne = (query: number, t: number): number => Number(query === 6 && t >= 4);
    expect(kept('attention-all', [ANSWERED], onlyOne)).toEqual([[0, 4, 5, 6, 7, 8, 9]]);
  });

  it.each(['attention', 'attention-all'] as const)('%s leaves no tensors', (name) =>
    expectNoLeakedTensors(() => kept(name, [ANSWERED, OPEN, TEXT], rising)),
  );
});
