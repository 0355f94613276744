import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { MetricKey, XAxis } from '../../../../shared/api/metrics-query.ts';
import { runDetailSchema, type RunDetail } from '../../../../shared/api/runs.ts';
import type { ApiFailure } from '../../../../shared/api/failures.ts';
import { failureOf } from '../../api/api-error.ts';
import { read, studio } from '../../api/client.ts';
import { fetchCurves } from '../run/composables/fetch-curves.ts';
import type { RunCurves } from '../run/metrics/run-curves.ts';

/** A run as the overlay shows it. */
export interface OverlaidRun {
  readonly name: string;
  readonly detail: RunDetail;
  readonly curves: RunCurves;
}

/** Numbers that are worth laying over each other. */
export const OVERLAY_KEYS = [
  'loss',
  'gradNorm',
  'lr',
  'tokensPerSecond',
  'visualTokens',
  'flopsSavedExact',
] as const satisfies readonly MetricKey[];

/** How often curves of runs that train are fetched again. */
const REFRESH_MS = 5000;

/** Details and curves of several runs, one after the other failing on its own. */
export function useOverlay(names: () => readonly string[], axis: () => XAxis) {
  const runs = shallowRef<readonly OverlaidRun[]>([]);
  const failures = shallowRef<readonly { readonly name: string; readonly failure: ApiFailure }[]>([]);
  const isLoading = ref(false);
  let current: AbortController | undefined;

  async function fetchRun(name: string, signal: AbortSignal): Promise<OverlaidRun> {
    const [detail, curves] = await Promise.all([
      read(runDetailSchema, studio.api.runs[':name'].$get({ param: { name } }, { init: { signal } })),
      fetchCurves(name, { axis: axis(), keys: OVERLAY_KEYS }, signal),
    ]);
    return { name, detail, curves };
  }

  async function load(): Promise<void> {
    current?.abort();
    const { signal } = (current = new AbortController());
    isLoading.value = true;
    const wanted = names();
    const results = await Promise.allSettled(wanted.map((name) => fetchRun(name, signal)));
    if (signal.aborted) return;
    isLoading.value = false;
    runs.value = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    failures.value = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ name: wanted[index] ?? '', failure: failureOf(result.reason) }] : [],
    );
  }

  watch([names, axis], () => void load(), { immediate: true });
  const isLive = computed(() => runs.value.some(({ detail }) => detail.summary.state === 'running'));
  const timer = setInterval(() => isLive.value && !document.hidden && void load(), REFRESH_MS);
  onScopeDispose(() => {
    clearInterval(timer);
    current?.abort();
  });
  return { runs, failures, isLoading };
}
