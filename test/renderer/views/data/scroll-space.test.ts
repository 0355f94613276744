import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isAtFalseEnd,
  offsetToShow,
  placeAfterScroll,
  placeAt,
  rowWindow,
  spaceHeight,
  TALLEST_SPACE,
  type ScrollShape,
} from '../../../../src/renderer/src/views/data/scroll/scroll-space.ts';

const few: ScrollShape = { rows: 100, rowHeight: 40, viewHeight: 600 };
const million: ScrollShape = { rows: 1_000_000, rowHeight: 40, viewHeight: 600 };
const LAST_OFFSET = 40_000_000 - 600;

describe('rows that the browser can lay out', () => {
  it('scroll by true pixels', () => {
    expect(spaceHeight(few)).toBe(4000);
    const place = placeAfterScroll(placeAt(0, few), 3217, few);
    expect(place).toEqual({ offset: 3217, scrollTop: 3217 });
    expect(rowWindow(place, few, 0)).toEqual({ first: 80, end: 96, top: 3200 });
  });

  it('draw spare rows at either edge, never rows that are not there', () => {
    expect(rowWindow(placeAt(0, few), few, 5)).toEqual({ first: 0, end: 20, top: 0 });
    expect(rowWindow(placeAt(3400, few), few, 5)).toEqual({ first: 80, end: 100, top: 3200 });
    const none = { ...few, rows: 0 };
    expect(rowWindow(placeAt(0, none), none, 5)).toEqual({ first: 0, end: 0, top: 0 });
  });
});

describe('a million rows', () => {
  it('keep the space small enough for every browser', () => {
    expect(spaceHeight(million)).toBe(TALLEST_SPACE);
  });

  it('are reached from the first to the last by the scroll bar', () => {
    const end = placeAfterScroll(placeAt(0, million), TALLEST_SPACE - 600, million);
    expect(end.offset).toBe(LAST_OFFSET);
    expect(rowWindow(end, million, 0).end).toBe(1_000_000);
  });

  it('move by true pixels under the wheel', () => {
    const middle = placeAt(20_000_000, million);
    const moved = placeAfterScroll(middle, middle.scrollTop + 120, million);
    expect(moved.offset - middle.offset).toBe(120);
  });

  it('are drawn where the view is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: LAST_OFFSET, noNaN: true }), (offset) => {
        const place = placeAt(offset, million);
        const { first, end, top } = rowWindow(place, million, 3);
        expect(top).toBeLessThanOrEqual(place.scrollTop + 1e-6);
        expect(top + (end - first) * 40).toBeGreaterThanOrEqual(place.scrollTop + 600 - 1e-6);
      }),
    );
  });

  it('notice when wheel moves have used up the way of the scroll bar', () => {
    const near = placeAt(5000, million);
    const moved = placeAfterScroll(near, 0, million);
    expect(moved.offset).toBeGreaterThan(3000);
    expect(isAtFalseEnd(moved, million)).toBe(true);
    for (const offset of [0, 700, moved.offset, 20_000_000, LAST_OFFSET - 700, LAST_OFFSET])
      expect(isAtFalseEnd(placeAt(offset, million), million)).toBe(false);
    expect(isAtFalseEnd({ offset: LAST_OFFSET - 3000, scrollTop: TALLEST_SPACE - 600 }, million)).toBe(true);
  });
});

describe('offsetToShow', () => {
  it('moves no more than is needed', () => {
    expect(offsetToShow(5, 0, few)).toBe(0);
    expect(offsetToShow(15, 0, few)).toBe(40);
    expect(offsetToShow(2, 400, few)).toBe(80);
    expect(offsetToShow(3, 0, { ...few, viewHeight: 20 })).toBe(120);
  });
});
