import { describe, expect, it } from 'vitest';
import {
  areaPath,
  describeCells,
  groupTints,
  outlinePath,
  seenArea,
} from '../../../src/renderer/src/views/compare/overlay/overlay-shape.ts';
import { tokenGroups, type TokenGrid } from '../../../src/renderer/src/views/compare/overlay/token-groups.ts';
import { parseCompression } from '../../../src/shared/compression.ts';

const GRID = { width: 3, height: 2 };

describe('where the grid lies', () => {
  it('is the padded square: equal margins on both sides of the shorter side', () => {
    expect(seenArea({ width: 60, height: 40 }, 'pad')).toEqual({ left: 0, top: -10, width: 60, height: 60 });
    expect(seenArea({ width: 40, height: 61 }, 'pad')).toEqual({ left: -10, top: 0, width: 61, height: 61 });
    expect(seenArea({ width: 64, height: 64 }, 'pad')).toEqual({ left: 0, top: 0, width: 64, height: 64 });
  });

  it('is the square in the middle where pictures are cut, and all of it where they are squeezed', () => {
    expect(seenArea({ width: 60, height: 40 }, 'crop')).toEqual({ left: 10, top: 0, width: 40, height: 40 });
    expect(seenArea({ width: 60, height: 40 }, 'squeeze')).toEqual({ left: 0, top: 0, width: 60, height: 40 });
  });
});

describe('outlines', () => {
  it('go around one cell', () => {
    expect(outlinePath(GRID, [4])).toBe('M1 1h1M2 1v1M1 2h1M1 1v1');
  });

  it('leave out the edge between two cells', () => {
    const path = outlinePath(GRID, [0, 1]);
    expect(path).toBe('M0 0h1M0 1h1M0 0v1M1 0h1M2 0v1M1 1h1');
    expect(path).not.toContain('M1 0v1');
  });

  it('do not join the end of a row to the start of the next', () => {
    expect(outlinePath(GRID, [2, 3])).toBe(outlinePath(GRID, [2]) + outlinePath(GRID, [3]));
  });

  it('fill each cell', () => {
    expect(areaPath(GRID, [0, 5])).toBe('M0 0h1v1h-1zM2 1h1v1h-1z');
  });
});

describe('tints', () => {
  const differ = (grid: TokenGrid, notation: string): boolean => {
    const tokens = tokenGroups(grid, parseCompression(notation), 0);
    const tints = groupTints(grid, tokens);
    const tintOf = new Map(
      tokens.groups.flatMap(({ cells }, g) => cells.map((cell) => [cell, { g, tint: tints[g] }] as const)),
    );
    const touching = [...tintOf.keys()].flatMap((cell) => [
      ...((cell + 1) % grid.width === 0 ? [] : [[cell, cell + 1] as const]),
      [cell, cell + grid.width] as const,
    ]);
    return touching.every(([a, b]) => {
      const [here, there] = [tintOf.get(a), tintOf.get(b)];
      return !here || !there || here.g === there.g || here.tint !== there.tint;
    });
  };

  it.each(['0/2', '0/3', '0/5', '0/8', '0/16', 'none'])('differ between tokens that touch (%s)', (notation) => {
    expect(differ({ width: 8, height: 8 }, notation)).toBe(true);
    expect(differ({ width: 24, height: 24 }, notation)).toBe(true);
  });

  it('are few', () => {
    const grid = { width: 24, height: 24 };
    expect(Math.max(...groupTints(grid, tokenGroups(grid, parseCompression('0/7'), 0)))).toBeLessThan(4);
  });
});

it('says cells in rows and columns', () => {
  expect(describeCells(GRID, [1])).toBe('row 1, column 2');
  expect(describeCells(GRID, [1, 2, 3])).toBe('row 1, columns 2–3; row 2, column 1');
});
