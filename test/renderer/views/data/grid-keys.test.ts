import { describe, expect, it } from 'vitest';
import { cellAfterKey, type GridShape } from '../../../../src/renderer/src/views/data/scroll/grid-keys.ts';

// 0 1 2 3
// 4 5 6 7
// 8 9
const grid: GridShape = { count: 10, columns: 4, pageRows: 2 };
const list: GridShape = { count: 10, columns: 1, pageRows: 4 };

describe('cellAfterKey', () => {
  it.each([
    ['ArrowRight', 1, 2],
    ['ArrowRight', 3, 4],
    ['ArrowRight', 9, 9],
    ['ArrowLeft', 0, 0],
    ['ArrowLeft', 4, 3],
    ['ArrowDown', 1, 5],
    ['ArrowDown', 5, 9],
    ['ArrowUp', 2, 2],
    ['ArrowUp', 6, 2],
    ['PageDown', 0, 8],
    ['PageDown', 5, 9],
    ['PageUp', 6, 2],
    ['PageUp', 9, 1],
    ['Home', 7, 0],
    ['End', 0, 9],
  ])('%s from %i leads to %i', (key, from, to) => {
    expect(cellAfterKey(key, from, grid)).toBe(to);
  });

  it('comes to the last cell where there is none below', () => {
    expect(cellAfterKey('ArrowDown', 7, grid)).toBe(9);
    expect(cellAfterKey('ArrowDown', 9, grid)).toBe(9);
    expect(cellAfterKey('ArrowDown', 8, grid)).toBe(8);
  });

  it('leaves a list its sideways keys', () => {
    expect(cellAfterKey('ArrowLeft', 5, list)).toBeUndefined();
    expect(cellAfterKey('ArrowDown', 5, list)).toBe(6);
    expect(cellAfterKey('PageDown', 5, list)).toBe(9);
  });

  it('does nothing for other keys and in an empty grid', () => {
    expect(cellAfterKey('Enter', 5, grid)).toBeUndefined();
    expect(cellAfterKey('Home', 0, { ...grid, count: 0 })).toBeUndefined();
  });
});
