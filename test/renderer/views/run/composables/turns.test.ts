// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Audience } from '../../../../../src/renderer/src/live/drawing-pace.ts';
import { leaveTurn, takeTurn } from '../../../../../src/renderer/src/views/run/composables/useTurns.ts';

const DRAWING_MS = 4;
const FRAME_MS = 16;
const drawn: string[] = [];
const page = vi.hoisted(() => ({ audience: 'attended', arrive: (): unknown => undefined }));
let now = 0;

vi.mock('../../../../../src/renderer/src/live/audience.ts', () => ({
  audience: () => page.audience,
  onArrival: (listener: () => unknown) => (page.arrive = listener),
}));
// Fixed shares: half a percent of the time unattended, a tenth attended.
vi.mock('../../../../../src/renderer/src/live/pace-limits.ts', () => ({
  CHART_LIMITS: { share: 0.005, attendedShare: 0.1, shortestMs: 10, longestMs: 15_000, hiddenMs: 5000 },
}));

const look = (audience: Audience): string => (page.audience = audience);

/** Time passes, a millisecond at a time, with frames every 16 of them. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end;) {
    now++;
    await vi.advanceTimersByTimeAsync(1);
  }
}
const draw = (name: string) => () => {
  drawn.push(name);
  now += DRAWING_MS;
};

beforeEach(() => {
  vi.useFakeTimers();
  now += 100_000;
  drawn.length = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, FRAME_MS) as unknown as number);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('draws a few charts a frame and then rests ten times as long while somebody is there', async () => {
  look('attended');
  const owners = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  for (const owner of owners) takeTurn(owner, draw(owner.name));
  await pass(FRAME_MS + 1);
  expect(drawn).toEqual(['a', 'b']);
  await pass(50);
  expect(drawn).toEqual(['a', 'b']);
  await pass(60);
  expect(drawn).toEqual(['a', 'b', 'c', 'd']);
});

it('draws all in one frame while nobody is there, and then for half a percent of the time', async () => {
  look('unattended');
  const owners = ['a', 'b', 'c', 'd'].map((name) => ({ name }));
  for (const owner of owners) takeTurn(owner, draw(owner.name));
  await pass(FRAME_MS + 1);
  expect(drawn).toEqual(['a', 'b', 'c', 'd']);
  for (const owner of owners) takeTurn(owner, draw(owner.name));
  // 4 charts of 4 ms: 16 ms in 3200.
  await pass(3100);
  expect(drawn).toHaveLength(4);
  await pass(120);
  expect(drawn).toHaveLength(8);
});

it('shows what waits to whoever comes', async () => {
  look('unattended');
  const owner = {};
  takeTurn(owner, draw('first'));
  await pass(FRAME_MS + 1);
  takeTurn(owner, draw('second'));
  await pass(100);
  expect(drawn).toEqual(['first']);
  look('attended');
  page.arrive();
  await pass(FRAME_MS + 1);
  expect(drawn).toEqual(['first', 'second']);
});

it('does not rest before what somebody waits for', async () => {
  look('unattended');
  for (const name of ['a', 'b', 'c', 'd']) takeTurn({ name }, draw(name), name === 'd');
  await pass(3 * FRAME_MS);
  expect(drawn).toEqual(['a', 'b', 'c', 'd']);
});

it('draws the newest of an owner once, and nothing of one that left', async () => {
  look('attended');
  const [owner, gone] = [{}, {}];
  takeTurn(owner, draw('old'));
  takeTurn(owner, draw('new'));
  takeTurn(gone, draw('gone'));
  leaveTurn(gone);
  await pass(500);
  expect(drawn).toEqual(['new']);
});
