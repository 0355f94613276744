// @vitest-environment happy-dom
import { flushPromises, mount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMemoryHistory, createRouter } from 'vue-router';
import { useExplorer, type Explorer } from '../../../../src/renderer/src/views/data/useExplorer.ts';

const TYPING_MS = 300;

beforeEach(() => {
  vi.useFakeTimers();
  const page = { offset: 0, total: 0, isComplete: true, samples: [] };
  vi.stubGlobal(
    'fetch',
    vi.fn(() => Promise.resolve(new Response(JSON.stringify(page)))),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const asked = (): string[] =>
  vi.mocked(fetch).mock.calls.map(([request]) => (request instanceof Request ? request.url : request.toString()));

async function openExplorer() {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/', component: { render: () => null } }],
  });
  await router.push('/');
  const found: { explorer?: Explorer } = {};
  const host = { setup: () => ((found.explorer = useExplorer('abc')), () => null) };
  const mounted = mount(host, { global: { plugins: [router] } });
  if (!found.explorer) throw new Error('the explorer is there once its component is');
  return { explorer: found.explorer, router, mounted };
}

test('text that is typed into a filter is searched for once the typing rests', async () => {
  const { explorer, router, mounted } = await openExplorer();
  for (const text of ['r', 're', 'red']) explorer.filters.value.text = text;
  await vi.advanceTimersByTimeAsync(TYPING_MS);
  await flushPromises();
  expect(router.currentRoute.value.query).toEqual({ text: 'red' });
  expect(asked().filter((address) => address.includes('text='))).toEqual([expect.stringContaining('text=red')]);
  mounted.unmount();
});

test('filters that are chosen anew as a whole are in the address too', async () => {
  const { explorer, router, mounted } = await openExplorer();
  explorer.filters.value = { ...explorer.filters.value, modality: 'image' };
  await vi.advanceTimersByTimeAsync(TYPING_MS);
  await flushPromises();
  expect(router.currentRoute.value.query).toEqual({ modality: 'image' });
  mounted.unmount();
});
