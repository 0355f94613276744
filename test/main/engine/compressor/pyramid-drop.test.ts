import { describe, expect, it } from 'vitest';
import { compressorNamed } from '../../../../src/main/engine/compressor/compressors.ts';
import type { CompressorName } from '../../../../src/shared/compressors.ts';
import { compressRows, layoutRow, plannedPoint, type CompressedRows } from '../../../helpers/compressor.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

/** Padded length of all rows here. */
const WIDTH = 16;
//          places 0 1 2 3 4 5 6 7 8 9
const ANSWERED = 't # # # # # t t > t';
//          places   0 1 2 3 4 5 6 7 8
const TWO_TURNS = '  # # # # t > t > t';
//          places   0 1 2 3 4 5 6 7 8
const TWO_IMAGES = ' # # t > t # # t >';
const TEXT = 't t t';

type Attention = (query: number, t: number) => number;

function compressed(name: CompressorName, texts: string[], attention: Attention): CompressedRows {
  const rows = texts.map((text) => layoutRow(text));
  const states = rows.map(({ length }) => Array.from({ length }, (_, t) => [t]));
  return compressRows(name, rows, 2, states, {
    attention: (queries) => queries.map((query) => Array.from({ length: WIDTH }, (_, t) => attention(query, t))),
  });
}

/** Places of each row that stay. */
function kept(texts: string[], attention: Attention): number[][] {
  const { assignment, states } = compressed('pyramid-drop', texts, attention);
  return assignment.map((row, b) => {
    const places = row.flatMap((to, t) => (to >= 0 ? [t] : []));
    expect(states[b]?.slice(0, places.length).flat()).toEqual(places);
    return places;
  });
}

it('the last token of every question asks', () => {
  const rows = [ANSWERED, TWO_TURNS, TWO_IMAGES, TEXT].map((text) => layoutRow(text));
  const planned = plannedPoint(rows, { layer: 0, stride: 2, compressor: 'pyramid-drop' });
  const { data } = compressorNamed('pyramid-drop').plan(planned)['queries'] ?? {};
  expect([...(data ?? [])]).toEqual([7, 0, 16 + 4, 16 + 6, 32 + 2, 32 + 7, 48, 48]);
});

describe('what stays', () => {
  const rising: Attention = (_, t) => t / 100;

  it('is the half of each image that gets most, in raster order, for every row of the batch', () => {
    expect(kept([ANSWERED, TWO_IMAGES, TEXT], rising)).toEqual([
      [0, 4, 5, 6, 7, 8, 9],
      [1, 2, 3, 4, 6, 7, 8],
      [0, 1, 2],
    ]);
  });

  it('is decided by the mean of all questions behind the image', () => {
    // The first question looks at 0 (3) and 1 (2), the second at 2 (4) and 1 (2): means 1.5, 2, 2, 0.
    const attention: Attention = (query, t) => (query === 4 ? [3, 2, 0, 0] : query === 6 ? [0, 2, 4, 0] : [])[t] ?? 0;
    expect(kept([TWO_TURNS], attention)).toEqual([[1, 2, 4, 5, 6, 7, 8]].map((row) => row));
  });

  it('is not decided by questions before the image, and by no other row', () => {
    // Question 2 is before the second image, question 7 behind both.
    const attention: Attention = (query, t) => {
      if (query === 2) return [0, 9, 0, 0, 0, 99, 0][t] ?? 0;
      if (query === 7) return [8, 0, 0, 0, 0, 0, 1][t] ?? 0;
      return [0, 0, 0, 0, 0, 0, 0, 5][t] ?? 0;
    };
    expect(kept([TWO_IMAGES], attention)).toEqual([[1, 2, 3, 4, 6, 7, 8]]);
    const shifted: Attention = (query, t) => (query < WIDTH ? attention(query, t) : -attention(query - WIDTH, t));
    expect(kept([TWO_IMAGES, TWO_IMAGES], shifted)[1]).toEqual([0, 2, 3, 4, 5, 7, 8]);
  });
});

describe('position ids', () => {
  const rising: Attention = (_, t) => t / 100;

  it('are counted anew in every row, text included', () => {
    const { positions } = compressed('pyramid-drop', [ANSWERED, TEXT], rising);
    expect(positions.map((row) => row.slice(0, 8))).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 0],
      [0, 1, 2, 0, 0, 0, 0, 0],
    ]);
  });

  it('stay as they were where that is asked for', () => {
    const { positions, states } = compressed('pyramid-drop-kept', [ANSWERED, TEXT], rising);
    expect(positions[0]?.slice(0, 7)).toEqual([0, 4, 5, 6, 7, 8, 9]);
    expect(positions[1]?.slice(0, 3)).toEqual([0, 1, 2]);
    expect(states).toEqual(compressed('pyramid-drop', [ANSWERED, TEXT], rising).states);
  });
});

it.each(['pyramid-drop', 'pyramid-drop-kept'] as const)('%s leaves no tensors', (name) =>
  expectNoLeakedTensors(() => compressed(name, [ANSWERED, TWO_TURNS, TWO_IMAGES, TEXT], (_, t) => t)),
);
