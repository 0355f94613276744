import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Spread } from '../../../../src/main/engine/data/spread.ts';

const spreadOf = (length: number, enough: number): Spread<number> => {
  const spread = new Spread<number>(enough);
  for (let i = 0; i < length; i++) spread.add(i);
  return spread;
};

it('keeps all of a short sequence', () => {
  expect(spreadOf(7, 4).values).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('drops every second one when there are too many, and goes on at that distance', () => {
  expect(spreadOf(8, 4).values).toEqual([0, 2, 4, 6]);
  expect(spreadOf(20, 4)).toMatchObject({ values: [0, 4, 8, 12, 16], count: 20 });
});

it('keeps enough from all over any sequence, evenly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 2, max: 40 }), (length, enough) => {
      const { values } = spreadOf(length, enough);
      expect(values.length).toBeGreaterThanOrEqual(Math.min(length, enough));
      expect(values.length).toBeLessThan(2 * enough);
      const distance = (values[1] ?? 1) - (values[0] ?? 0);
      expect(values).toEqual(values.map((_, i) => i * distance));
      expect(length - (values.at(-1) ?? 0)).toBeLessThanOrEqual(distance);
    }),
  );
});
