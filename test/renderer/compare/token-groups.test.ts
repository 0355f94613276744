import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstPositions,
  groupOfCell,
  pointsOfPicture,
  tokenGroups,
} from '../../../src/renderer/src/views/compare/overlay/token-groups.ts';
import { parseCompression, visualTokensPerLayer } from '../../../src/shared/compression.ts';

const GRID = { width: 4, height: 2 };
const cellsAt = (notation: string, layer: number, grid = GRID): number[][] =>
  tokenGroups(grid, parseCompression(notation), layer).groups.map(({ cells }) => [...cells]);

describe('the tokens of a picture at a layer', () => {
  it('are the cells of the grid where nothing is compressed', () => {
    const { groups, dropped } = tokenGroups(GRID, [], 5, 30);
    expect(groups.map(({ cells }) => cells)).toEqual([[0], [1], [2], [3], [4], [5], [6], [7]]);
    expect(groups.map(({ position }) => position)).toEqual([30, 31, 32, 33, 34, 35, 36, 37]);
    expect(dropped).toEqual([]);
  });

  it('stay single before layer K and are averaged from layer K on', () => {
    expect(cellsAt('2/4', 1)).toHaveLength(8);
    expect(cellsAt('2/4', 2)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it('reach over the end of a row, and a remainder is dropped', () => {
    const tokens = tokenGroups(GRID, parseCompression('0/3'), 0);
    expect(tokens.groups.map(({ cells }) => cells)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(tokens.dropped).toEqual([6, 7]);
  });

  it('have the mean position id, rounded down', () => {
    const at = (notation: string): number[] =>
      tokenGroups(GRID, parseCompression(notation), 9, 10).groups.map(({ position }) => position);
    // Means 10.5, 12.5, 14.5, 16.5; 11.5 and 15.5.
    expect(at('1/2')).toEqual([10, 12, 14, 16]);
    expect(at('1/4')).toEqual([11, 15]);
    expect(at('1/3')).toEqual([11, 14]);
  });

  it('average averages at a second point, from rounded positions', () => {
    const compression = parseCompression('1/2+3/2');
    expect(tokenGroups(GRID, compression, 2).groups).toHaveLength(4);
    // (0 + 2) / 2 and (4 + 6) / 2; four tokens pooled at once would be at 1 and 5 too, three pairs would not.
    expect(tokenGroups(GRID, compression, 3).groups).toEqual([
      { cells: [0, 1, 2, 3], position: 1 },
      { cells: [4, 5, 6, 7], position: 5 },
    ]);
    // Pairs at 0, 2, 4, 6 in threes: (0 + 2 + 4) / 3 = 2; the pair 6, 7 is left over.
    expect(tokenGroups(GRID, parseCompression('1/2+3/3'), 3)).toEqual({
      groups: [{ cells: [0, 1, 2, 3, 4, 5], position: 2 }],
      dropped: [6, 7],
    });
  });

  it('are counted anew where they are pooled before the decoder', () => {
    expect(tokenGroups(GRID, parseCompression('-1/4'), 0, 7).groups).toEqual([
      { cells: [0, 1, 2, 3], position: 7 },
      { cells: [4, 5, 6, 7], position: 8 },
    ]);
  });

  it('are as many as the decoder runs on, and every cell is in one place, for any setting', () => {
    const point = fc.record({ layer: fc.integer({ min: -1, max: 5 }), stride: fc.integer({ min: 2, max: 3 }) });
    const settings = fc.uniqueArray(point, { selector: ({ layer }) => layer, maxLength: 2 });
    const side = fc.integer({ min: 3, max: 7 });
    fc.assert(
      fc.property(side, side, settings, fc.integer({ min: 0, max: 5 }), (width, height, points, layer) => {
        const notation = points.map((p) => `${p.layer}/${p.stride}`).join('+') || 'none';
        const compression = parseCompression(notation);
        const { groups, dropped } = tokenGroups({ width, height }, compression, layer);
        expect(groups).toHaveLength(visualTokensPerLayer([width * height], 6, compression)[layer] as number);
        const all = [...groups.flatMap(({ cells }) => cells), ...dropped].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: width * height }, (_, i) => i));
      }),
    );
  });
});

describe('compressors that decide by values', () => {
  const compression = parseCompression('1/2:attention+3/2');
  // Cells 1, 2, 4 and 7 stay; then pairs of them are averaged.
  const points = [
    { layer: 1, went: [-1, 0, 1, -1, 2, -1, -1, 3], positions: [11, 12, 14, 17] },
    { layer: 3, went: [0, 0, 1, 1], positions: [11, 15] },
  ];

  it('are not guessed: the tokens before them are shown until they are told', () => {
    expect(tokenGroups(GRID, compression, 0).undecided).toBeUndefined();
    const { groups, undecided } = tokenGroups(GRID, compression, 3);
    expect([groups.length, undecided]).toEqual([8, 'attention']);
  });

  it('are drawn as the engine tells them, one point after the other', () => {
    expect(tokenGroups(GRID, compression, 2, 10, points)).toEqual({
      groups: [
        { cells: [1], position: 11 },
        { cells: [2], position: 12 },
        { cells: [4], position: 14 },
        { cells: [7], position: 17 },
      ],
      dropped: [0, 3, 5, 6],
    });
    expect(tokenGroups(GRID, compression, 3, 10, points).groups).toEqual([
      { cells: [1, 2], position: 11 },
      { cells: [4, 7], position: 15 },
    ]);
  });

  it('may put together what does not touch', () => {
    const clusters = [{ layer: 1, went: [0, 1, 0, 1, 2, 3, 0, 1], positions: [12, 13, 14, 15] }];
    const { groups } = tokenGroups(GRID, parseCompression('1/2:k-means'), 1, 10, clusters);
    expect(groups.map(({ cells }) => cells)).toEqual([[0, 2, 6], [1, 3, 7], [4], [5]]);
  });

  it('of another picture size are not taken', () => {
    expect(tokenGroups({ width: 3, height: 3 }, compression, 3, 0, points).undecided).toBe('attention');
  });

  it('are told picture by picture', () => {
    const told = [
      {
        layer: 1,
        pictures: [
          { went: [0, -1], positions: [4] },
          { went: [-1, 0], positions: [9] },
        ],
      },
    ];
    expect(pointsOfPicture(told, 1)).toEqual([{ layer: 1, went: [-1, 0], positions: [9] }]);
    expect(pointsOfPicture(told, 2)).toEqual([]);
  });
});

it('squares of the grid become one token', () => {
  expect(cellsAt('0/4:average-pool-2d', 0, { width: 4, height: 4 })).toEqual([
    [0, 1, 4, 5],
    [2, 3, 6, 7],
    [8, 9, 12, 13],
    [10, 11, 14, 15],
  ]);
});

describe('positions of several pictures', () => {
  it('stay where they are unless tokens go before the decoder', () => {
    expect(firstPositions([5, 16], 8, parseCompression('0/4'))).toEqual([5, 16]);
    // Each picture loses 6 of its 8 tokens, so the second begins 6 earlier.
    expect(firstPositions([5, 16], 8, parseCompression('-1/4'))).toEqual([5, 10]);
  });
});

it('finds the token of a cell', () => {
  const tokens = tokenGroups(GRID, parseCompression('0/3'), 0);
  expect([...groupOfCell(GRID, tokens)]).toEqual([0, 0, 0, 1, 1, 1, -1, -1]);
});

it('a convolution leaves one token where average pooling does', () => {
  expect(cellsAt('0/3:parametric', 0)).toEqual(cellsAt('0/3', 0));
  expect(cellsAt('0/3:parametric', 0).length).toBeGreaterThan(1);
  const square = { width: 4, height: 4 };
  expect(cellsAt('-1/4:pixel-shuffle', 0, square)).toEqual(cellsAt('-1/4:average-pool-2d', 0, square));
});
