// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchAudience } from '../../../src/renderer/src/live/audience.ts';
import { PacedQueue } from '../../../src/renderer/src/live/paced-queue.ts';

const LIMITS = { share: 0.01, attendedShare: 1, shortestMs: 100, longestMs: 2000, hiddenMs: 5000 };
const FRAME_MS = 10;
const cost = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../../../src/renderer/src/live/frame-cost.ts', () => ({ frameCost: () => Promise.resolve(cost.ms) }));

let isHidden = false;
let delivered: number[][] = [];
function newQueue(): PacedQueue<number> {
  let task: number[] | undefined;
  return new PacedQueue(LIMITS, (item) => {
    if (!task) {
      delivered.push((task = []));
      queueMicrotask(() => (task = undefined));
    }
    task.push(item);
  });
}
const act = (): boolean => window.dispatchEvent(new Event('pointermove'));

watchAudience();
beforeEach(() => {
  vi.useFakeTimers();
  // Whoever was there in the test before has left.
  vi.advanceTimersByTime(60_000);
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => isHidden);
  isHidden = false;
  delivered = [];
  cost.ms = FRAME_MS;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('hands the first item over at once, later ones together when drawing is due', async () => {
  const queue = newQueue();
  queue.add(1);
  expect(delivered).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(10);
  for (const item of [2, 3, 4]) queue.add(item);
  // A frame of 10 ms a second is one percent.
  await vi.advanceTimersByTimeAsync(980);
  expect(delivered).toEqual([[1]]);
  await vi.advanceTimersByTimeAsync(20);
  expect(delivered).toEqual([[1], [2, 3, 4]]);
});

it('hands items over ten times a second to somebody who is there, and at once to somebody who comes', async () => {
  const queue = newQueue();
  queue.add(1);
  await vi.advanceTimersByTimeAsync(10);
  queue.add(2);
  act();
  await vi.advanceTimersByTimeAsync(0);
  expect(delivered).toEqual([[1], [2]]);
  for (let item = 3; item < 23; item++) {
    queue.add(item);
    await vi.advanceTimersByTimeAsync(50);
  }
  // The pause ends with the item that waits: ten hand-overs in this second, two items each.
  expect(delivered.length).toBeGreaterThanOrEqual(10);
  expect(delivered.length).toBeLessThanOrEqual(13);
});

it('hands over little while the page is hidden, and what waits when it is shown', async () => {
  const queue = newQueue();
  queue.add(1);
  isHidden = true;
  await vi.advanceTimersByTimeAsync(0);
  queue.add(2);
  await vi.advanceTimersByTimeAsync(4900);
  expect(delivered).toEqual([[1]]);
  isHidden = false;
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(delivered).toEqual([[1], [2]]);
});

it('goes on behind an item that fails', async () => {
  const taken: number[] = [];
  const thrown: unknown[] = [];
  vi.stubGlobal('queueMicrotask', (task: () => void) => {
    try {
      task();
    } catch (error) {
      thrown.push(error);
    }
  });
  const queue = new PacedQueue<number>(LIMITS, (item) => {
    if (item === 2) throw new Error('no');
    taken.push(item);
  });
  queue.add(1);
  queue.add(2);
  queue.add(3);
  queue.flush();
  vi.unstubAllGlobals();
  expect(taken).toEqual([1, 3]);
  expect(thrown).toEqual([new Error('no')]);
});
