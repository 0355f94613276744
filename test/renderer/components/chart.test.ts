import { expect, it } from 'vitest';
import { decimate, lowerBound, nearest } from '../../../src/renderer/src/components/chart/decimate.ts';
import { sparklinePath } from '../../../src/renderer/src/components/sparkline.ts';

const xs = Float64Array.from({ length: 10_000 }, (_, i) => i);
const ys = xs.map((x) => Math.sin(x / 700));

it('keeps a single spike among many values, the ends and the order', () => {
  const spiked = ys.slice();
  spiked[7313] = 50;
  const points = decimate(xs, spiked, undefined, 100);
  expect(points.length).toBeLessThanOrEqual(202);
  expect(points).toContainEqual({ x: 7313, y: 50 });
  expect([points[0]?.x, points.at(-1)?.x]).toEqual([0, 9999]);
  expect(points.every((point, i) => i === 0 || point.x > points[i - 1]!.x)).toBe(true);
});

it('keeps a gap as a gap', () => {
  const broken = ys.slice().fill(NaN, 4000, 6000);
  const points = decimate(xs, broken, undefined, 100);
  expect(points.some(({ x, y }) => x > 4000 && x < 6000 && Number.isNaN(y))).toBe(true);
});

it('gives a zoomed range whole, with one point beyond on either side', () => {
  const points = decimate(xs, ys, { from: 100.5, to: 110.5 }, 100);
  expect(points.map(({ x }) => x)).toEqual(Array.from({ length: 12 }, (_, i) => 100 + i));
});

it('bears empty and single lines', () => {
  expect(decimate([], [], undefined, 100)).toEqual([]);
  expect(decimate([3], [1], { from: 0, to: 9 }, 100)).toEqual([{ x: 3, y: 1 }]);
});

it('finds places', () => {
  expect([lowerBound([1, 3, 5], 3), lowerBound([1, 3, 5], 4), lowerBound([1, 3, 5], 9)]).toEqual([1, 2, 3]);
  expect([nearest([1, 3, 5], 0), nearest([1, 3, 5], 3.9), nearest([1, 3, 5], 4.1), nearest([1, 3, 5], 99)]).toEqual([
    0, 1, 2, 2,
  ]);
  expect(nearest([], 1)).toBe(-1);
});

it('draws a small line from corner to corner', () => {
  expect(sparklinePath([0, 1], 10, 10, 0)).toBe('M0.0 10.0L10.0 0.0');
  expect(sparklinePath([1], 10, 10)).toBe('');
});
