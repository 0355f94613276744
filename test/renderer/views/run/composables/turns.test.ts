import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { leaveTurn, takeTurn } from '../../../../../src/renderer/src/views/run/composables/useTurns.ts';

const DRAWING_MS = 4;
const FRAME_MS = 16;
const drawn: string[] = [];
let now = 0;

/** Time passes, a millisecond at a time, with frames every 16 of them. */
function pass(ms: number): void {
  for (const end = now + ms; now < end;) {
    now++;
    vi.advanceTimersByTime(1);
  }
}
const draw = (name: string) => () => {
  drawn.push(name);
  now += DRAWING_MS;
};

beforeEach(() => {
  vi.useFakeTimers();
  now += 10_000;
  drawn.length = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, FRAME_MS) as unknown as number);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('draws a few charts a frame and then rests ten times as long', () => {
  const owners = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  for (const owner of owners) takeTurn(owner, draw(owner.name));
  pass(FRAME_MS + 1);
  expect(drawn).toEqual(['a', 'b']);
  pass(60);
  expect(drawn).toEqual(['a', 'b']);
  pass(60);
  expect(drawn).toEqual(['a', 'b', 'c', 'd']);
});

it('does not rest before what somebody waits for', () => {
  for (const name of ['a', 'b', 'c', 'd']) takeTurn({ name }, draw(name), name === 'd');
  pass(3 * FRAME_MS);
  expect(drawn).toEqual(['a', 'b', 'c', 'd']);
});

it('draws the newest of an owner once, and nothing of one that left', () => {
  const [owner, gone] = [{}, {}];
  takeTurn(owner, draw('old'));
  takeTurn(owner, draw('new'));
  takeTurn(gone, draw('gone'));
  leaveTurn(gone);
  pass(500);
  expect(drawn).toEqual(['new']);
});
