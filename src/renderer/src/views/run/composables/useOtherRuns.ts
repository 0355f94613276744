/** Curves of other runs laid over those of the run that is shown. Which ones stands in the address (`?with=a,b`). */
import { computed, onScopeDispose, shallowRef, triggerRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { MetricKey, XAxis } from '../../../../../shared/api/metrics-query.ts';
import { useStudioEvent } from '../../../api/events.ts';
import { useToasts } from '../../../stores/toasts.ts';
import type { RunCurves } from '../metrics/run-curves.ts';
import { overlaidRuns, withOverlaid } from '../overlay-address.ts';
import { fetchCurves } from './fetch-curves.ts';
import type { AxisRange } from './useRunCurves.ts';

interface OthersQuery {
  readonly axis: XAxis;
  readonly keys: readonly MetricKey[];
  readonly range: AxisRange | undefined;
}

const REST_MS = 220;

export function useOtherRuns(name: () => string, query: () => OthersQuery) {
  const route = useRoute();
  const router = useRouter();
  const toasts = useToasts();
  const curves = shallowRef(new Map<string, RunCurves>());
  let loading = new AbortController();
  let rest: ReturnType<typeof setTimeout> | undefined;

  const names = computed(() => overlaidRuns(route.query, name()));

  /** Chooses the runs that are laid over. */
  function choose(others: readonly string[]): void {
    void router.replace({ query: withOverlaid(route.query, others) });
  }

  async function loadOne(run: string, wanted: OthersQuery, signal: AbortSignal): Promise<void> {
    try {
      curves.value.set(run, await fetchCurves(run, wanted, signal));
      triggerRef(curves);
    } catch (error) {
      if (!signal.aborted) toasts.showError(error);
    }
  }

  async function load(): Promise<void> {
    loading.abort();
    const { signal } = (loading = new AbortController());
    const wanted = query();
    curves.value = new Map(
      [...curves.value].filter(([run, { axis }]) => names.value.includes(run) && axis === wanted.axis),
    );
    await Promise.all(names.value.map((run) => loadOne(run, wanted, signal)));
  }

  watch(
    () => JSON.stringify([names.value, query()]),
    () => {
      clearTimeout(rest);
      rest = setTimeout(() => void load(), REST_MS);
    },
    { immediate: true },
  );
  useStudioEvent('metrics', ({ run, rows }) => {
    const known = query().range ? undefined : curves.value.get(run);
    if (!known) return;
    known.append(rows);
    triggerRef(curves);
  });
  onScopeDispose(() => {
    clearTimeout(rest);
    loading.abort();
  });
  return { names, curves, choose };
}
