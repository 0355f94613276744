// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useConnection, type EventStream } from '../../../src/renderer/src/api/events.ts';
import { useBatches } from '../../../src/renderer/src/views/compare/state/batches.ts';
import { useAttention } from '../../../src/renderer/src/views/study/attention/attention-store.ts';

const KNOWN = { id: 'a', createdAt: '2026-11-22T12:00:00Z', done: 1, total: 4 };
const asked = { dataset: 'd', model: 'm' };
const batch = (state: string) => ({
  ...KNOWN,
  ...{ state, request: { ...asked, compressions: ['none'], count: 4, seed: 0, maxTokens: 2, batchSize: 2 } },
});
const study = (state: string) => ({ ...KNOWN, state, request: { ...asked, samples: 4, compression: 'none' } });
const SNAPSHOT = {
  ...{ kind: 'snapshot', runs: [], jobs: [], datasets: [], asks: [], demo: { state: 'none' }, studies: [] },
};

/** The studio as it answers now. */
let state = 'running';
beforeEach(() => {
  setActivePinia(createPinia());
  state = 'running';
  vi.stubGlobal('fetch', (input: string | URL) => {
    const isBatches = String(input).includes('batches');
    return Promise.resolve(Response.json(isBatches ? { batches: [batch(state)] } : { studies: [study(state)] }));
  });
});
afterEach(() => vi.unstubAllGlobals());

it.each([
  ['batches', useBatches],
  ['measurements of attention', useAttention],
] as const)('asks for the %s once more when the studio was started again', async (_name, useStore) => {
  const stream: EventStream = { onopen: null, onmessage: null, onerror: null, readyState: 1, close: () => undefined };
  const store = useStore();
  await store.load();
  expect(store.list.map((one) => one.state)).toEqual(['running']);
  state = 'cancelled';
  useConnection().connect(() => stream);
  stream.onmessage?.({ data: JSON.stringify(SNAPSHOT), lastEventId: '1' });
  await vi.waitFor(() => expect(store.list.map((one) => one.state)).toEqual(['cancelled']));
});
