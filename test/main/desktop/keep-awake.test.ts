import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepAwakeWhile } from '../../../src/main/desktop/keep-awake.ts';

describe('keepAwakeWhile', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('holds one block per training and none when it is over', () => {
    const held = new Set<number>();
    let count = 0;
    let trains = false;
    const blocker = {
      start: () => {
        held.add(++count);
        return count;
      },
      stop: (id: number) => held.delete(id),
    };
    const end = keepAwakeWhile(() => trains, blocker);
    vi.advanceTimersByTime(60_000);
    expect(held.size).toBe(0);
    trains = true;
    vi.advanceTimersByTime(60_000);
    expect([...held]).toEqual([1]);
    trains = false;
    vi.advanceTimersByTime(60_000);
    expect(held.size).toBe(0);
    trains = true;
    vi.advanceTimersByTime(60_000);
    expect([...held]).toEqual([2]);
    end();
    expect(held.size).toBe(0);
  });
});
