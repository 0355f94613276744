import { expect, it } from 'vitest';
import { DrawingPace } from '../../../src/renderer/src/live/drawing-pace.ts';

const LIMITS = { share: 0.01, attendedShare: 0.5, shortestMs: 100, longestMs: 3000, hiddenMs: 5000 };

/** A pace that has drawn once, at 1000, for so long. */
function drawnFor(ms: number): DrawingPace {
  const pace = new DrawingPace(LIMITS);
  pace.begin(1000);
  pace.drew(ms);
  return pace;
}

it('begins at once', () => {
  expect(new DrawingPace(LIMITS).restMs(0, 'unattended')).toBe(0);
});

it('draws for its share of the time while nobody acts', () => {
  const pace = drawnFor(12);
  expect(pace.restMs(1000, 'unattended')).toBe(1200);
  expect(pace.restMs(1700, 'unattended')).toBe(500);
  expect(pace.restMs(2500, 'unattended')).toBe(0);
});

it('draws ten times a second for somebody who is there, less often only where that is too much', () => {
  expect(drawnFor(12).restMs(1000, 'attended')).toBe(100);
  expect(drawnFor(80).restMs(1000, 'attended')).toBe(160);
});

it('keeps within its shortest and longest pause, and rests while the page is hidden', () => {
  expect(drawnFor(0.1).restMs(1000, 'unattended')).toBe(100);
  expect(drawnFor(400).restMs(1000, 'unattended')).toBe(3000);
  expect(drawnFor(1).restMs(1000, 'hidden')).toBe(5000);
});

it('slows down at once and becomes quicker by and by', () => {
  const pace = drawnFor(20);
  pace.drew(10);
  expect(pace.restMs(1000, 'unattended')).toBeCloseTo(1700);
  pace.drew(25);
  expect(pace.restMs(1000, 'unattended')).toBe(2500);
});
