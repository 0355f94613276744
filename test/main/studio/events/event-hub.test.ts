import { expect, it, vi } from 'vitest';
import { Batched } from '../../../../src/main/studio/events/batched.ts';
import { EventHub, type NumberedEvent } from '../../../../src/main/studio/events/event-hub.ts';

const notice = (text: string) => ({ kind: 'notice', level: 'info', text }) as const;
const textOf = ({ event }: NumberedEvent): string => (event.kind === 'notice' ? event.text : event.kind);

it('numbers events one by one and tells listeners until they leave', () => {
  const hub = new EventHub(10, 100);
  const heard: number[] = [];
  const leave = hub.listen(({ id }) => heard.push(id));
  hub.publish(notice('a'));
  hub.publish(notice('b'));
  leave();
  hub.publish(notice('c'));
  expect(heard).toEqual([101, 102]);
  expect(hub.lastId).toBe(103);
});

it('knows what came behind an event, as long as it is kept', () => {
  const hub = new EventHub(3, 0);
  for (const text of ['a', 'b', 'c', 'd', 'e']) hub.publish(notice(text));
  expect(hub.since(5)).toEqual([]);
  expect(hub.since(3)?.map(textOf)).toEqual(['d', 'e']);
  expect(hub.since(2)?.map(textOf)).toEqual(['c', 'd', 'e']);
  expect(hub.since(1)).toBeUndefined();
  // An id of the future is one of another studio.
  expect(hub.since(6)).toBeUndefined();
});

it('knows nothing of what an earlier hub told', () => {
  const earlier = new EventHub(10, 1000);
  earlier.publish(notice('a'));
  const later = new EventHub(10, 2000);
  later.publish(notice('b'));
  expect(later.since(earlier.lastId)).toBeUndefined();
  expect(new EventHub().lastId).toBeGreaterThan(1e15);
});

it('hands over together what comes in a short time', () => {
  vi.useFakeTimers();
  const delivered: number[][] = [];
  const batched = new Batched<number>(100, (items) => delivered.push(items));
  for (const item of [1, 2, 3]) batched.add(item);
  expect(delivered).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(delivered).toEqual([[1, 2, 3]]);
  batched.add(4);
  batched.flush();
  vi.advanceTimersByTime(1000);
  expect(delivered).toEqual([[1, 2, 3], [4]]);
  vi.useRealTimers();
});
