// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useConnection, type EventStream } from '../../../src/renderer/src/api/events.ts';
import { useJobs } from '../../../src/renderer/src/stores/jobs.ts';

const streams: { stream: EventStream; lastEventId: string | undefined; isClosed: boolean }[] = [];

function open(lastEventId: string | undefined): EventStream {
  const entry = {
    lastEventId,
    isClosed: false,
    stream: { onopen: null, onmessage: null, onerror: null, readyState: 1, close: () => (entry.isClosed = true) },
  } as { stream: EventStream; lastEventId: string | undefined; isClosed: boolean };
  streams.push(entry);
  return entry.stream;
}

const latest = (): EventStream => streams.at(-1)!.stream;
const send = (id: number, event: unknown): void =>
  latest().onmessage?.({ data: JSON.stringify(event), lastEventId: String(id) });
const job = (id: string, state = 'running') => ({
  ...{ id, kind: 'train', title: 'Training', state, createdAt: '2026-11-22T12:00:00Z' },
});
const snapshot = (...jobs: unknown[]) => ({
  ...{ kind: 'snapshot', runs: [], jobs, datasets: [], asks: [], demo: { state: 'none' }, studies: [] },
});

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
  streams.length = 0;
});
afterEach(() => vi.useRealTimers());

it('fills stores from a snapshot and keeps them up to date', () => {
  const jobs = useJobs();
  useConnection().connect(open);
  send(1, snapshot(job('a'), job('b', 'waiting')));
  expect(jobs.active.map(({ id }) => id)).toEqual(['a']);
  send(2, { kind: 'job', job: job('a', 'done') });
  send(3, { kind: 'job-removed', id: 'b' });
  // Events keep their order: what waits to be drawn is told before what does not.
  expect(jobs.list.map(({ id, state }) => [id, state])).toEqual([['a', 'done']]);
});

it('tells progress together, as often as the page is drawn', () => {
  const states: string[] = [];
  useConnection().subscribe('job', ({ job: { state } }) => states.push(state));
  useConnection().connect(open);
  send(1, snapshot());
  for (const [index, state] of ['running', 'stopping', 'cancelled'].entries())
    send(2 + index, { kind: 'job', job: job('a', state) });
  expect(states).toEqual(['running']);
  vi.advanceTimersByTime(2000);
  expect(states).toEqual(['running', 'stopping', 'cancelled']);
});

it('comes back behind the last event once the browser has given up, with growing pauses', () => {
  const connection = useConnection();
  connection.connect(open, () => Promise.resolve(false));
  latest().onopen?.();
  expect(connection.state).toBe('open');
  send(41, { kind: 'notice', level: 'info', text: 'hello' });
  Object.assign(latest(), { readyState: 2 });
  latest().onerror?.();
  expect(connection.state).toBe('lost');
  vi.advanceTimersByTime(500);
  expect(streams.map(({ lastEventId }) => lastEventId)).toEqual([undefined, '41']);
  expect(streams[0]!.isClosed).toBe(true);
  Object.assign(latest(), { readyState: 2 });
  latest().onerror?.();
  vi.advanceTimersByTime(900);
  expect(streams).toHaveLength(2);
  vi.advanceTimersByTime(200);
  expect(streams).toHaveLength(3);
});

it('leaves the browser to its own resuming after a short loss', () => {
  useConnection().connect(open);
  Object.assign(latest(), { readyState: 0 });
  latest().onerror?.();
  vi.advanceTimersByTime(60_000);
  expect(streams).toHaveLength(1);
});

it('lives through an event that it cannot read', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const texts: string[] = [];
  const connection = useConnection();
  const end = connection.subscribe('notice', ({ text }) => texts.push(text));
  connection.connect(open);
  latest().onmessage?.({ data: '{', lastEventId: '1' });
  send(2, { kind: 'of the future' });
  send(3, { kind: 'notice', level: 'info', text: 'read' });
  end();
  send(4, { kind: 'notice', level: 'info', text: 'not any more' });
  expect(texts).toEqual(['read']);
  expect(warn).toHaveBeenCalledTimes(2);
  warn.mockRestore();
});

it('says when the studio that answers is another one, and comes back when its session is there', async () => {
  const connection = useConnection();
  connection.connect(open, () => Promise.resolve(true));
  Object.assign(latest(), { readyState: 2 });
  latest().onerror?.();
  expect(connection.state).toBe('lost');
  await vi.advanceTimersByTimeAsync(0);
  expect(connection.state).toBe('locked out');
  await vi.advanceTimersByTimeAsync(500);
  latest().onopen?.();
  expect(connection.state).toBe('open');
});
