import { expect, it } from 'vitest';
import { keptShare, stageTone } from '../../src/renderer/src/stage-tone.ts';

it('counts what a setting keeps over all layers', () => {
  expect(keptShare('none', 32)).toBe(1);
  // (2 + 30 / 8) / 32
  expect(keptShare('2/8', 32)).toBeCloseTo(5.75 / 32, 10);
  expect(keptShare('-1/4', 6)).toBeCloseTo(0.25, 10);
});

it('orders settings from heavy to none', () => {
  expect(['-1/8', '2/8', '16/8', '16/2', 'none'].map((setting) => stageTone(setting, 32))).toEqual([0, 0, 2, 3, 5]);
});

it('takes a layer beyond the assumed depth, and text that is no setting', () => {
  expect(stageTone('39/2')).toBe(4);
  expect(stageTone('half')).toBe(5);
});
