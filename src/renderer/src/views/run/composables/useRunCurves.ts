/** The curves of the run that is shown: the whole axis, growing with live rows, and finer ones of the part zoomed into. */
import { onScopeDispose, ref, shallowRef, triggerRef, watch } from 'vue';
import type { MetricKey, XAxis } from '../../../../../shared/api/metrics-query.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { useStudioEvent } from '../../../api/events.ts';
import type { MetricsRow, RunCurves } from '../metrics/run-curves.ts';
import { fetchCurves } from './fetch-curves.ts';

export interface AxisRange {
  readonly from: number;
  readonly to: number;
}

/** After so many live rows the curves are read anew, thinned out by the studio: a page that stays open stays quick. */
const MOST_LIVE_ROWS = 4000;
/** Zooming and panning ask for finer curves when they come to rest. */
const REST_MS = 180;

/** Between two readings of a run that another program trains: its rows come by no event. */
const OTHERS_RUN_MS = 4000;

interface RunState {
  /** Optimizer steps done, as the studio tells it. */
  readonly step: number;
  /** There may be rows. */
  readonly hasBegun: boolean;
}

/** @param query what the charts need; charts are drawn anew where it changes */
export function useRunCurves(
  name: () => string,
  query: () => { axis: XAxis; keys: readonly MetricKey[] },
  run: () => RunState,
) {
  const whole = shallowRef<RunCurves>();
  const part = shallowRef<RunCurves>();
  const range = shallowRef<AxisRange>();
  const failure = shallowRef<ApiFailure>();
  const isLoading = ref(false);
  /** Rows that came while the recorded ones were on their way. */
  let meanwhile: MetricsRow[] = [];
  let loadingWhole = new AbortController();
  let loadingPart = new AbortController();
  let rest: ReturnType<typeof setTimeout> | undefined;
  let rowAt = 0;
  let readAt = 0;

  async function loadWhole(): Promise<void> {
    loadingWhole.abort();
    isLoading.value = run().hasBegun;
    if (!isLoading.value) return;
    const { signal } = (loadingWhole = new AbortController());
    meanwhile = [];
    try {
      const read = await fetchCurves(name(), query(), signal);
      read.append(meanwhile);
      whole.value = read;
      failure.value = undefined;
    } catch (error) {
      if (!signal.aborted) failure.value = failureOf(error);
    } finally {
      if (!signal.aborted) isLoading.value = false;
    }
  }

  async function loadPart(): Promise<void> {
    loadingPart.abort();
    const wanted = range.value;
    if (!wanted) return;
    const { signal } = (loadingPart = new AbortController());
    try {
      part.value = await fetchCurves(name(), { ...query(), range: withMargins(wanted) }, signal);
    } catch (error) {
      // The coarse curves stay.
      if (!signal.aborted) failure.value = failureOf(error);
    }
  }

  /** Shows a part of the axis; undefined = all of it. Finer curves follow. */
  function zoom(wanted: AxisRange | undefined): void {
    const next = wanted && inside(wanted, whole.value);
    range.value = next;
    clearTimeout(rest);
    if (!next) {
      loadingPart.abort();
      part.value = undefined;
    } else rest = setTimeout(() => void loadPart(), REST_MS);
  }

  watch([name, () => JSON.stringify(query())], ([newRun, text], [oldRun, oldText]) => {
    const isOtherAxis = axisIn(text) !== axisIn(oldText);
    if (newRun !== oldRun || isOtherAxis) [whole.value, part.value, range.value] = [undefined, undefined, undefined];
    void loadWhole();
    void loadPart();
  });
  void loadWhole();

  useStudioEvent('metrics', (event) => {
    if (event.run !== name()) return;
    const { rows } = event;
    rowAt = Date.now();
    if (isLoading.value) meanwhile.push(...rows);
    if (!whole.value) return;
    whole.value.append(rows);
    triggerRef(whole);
    if (part.value && range.value && whole.value.end <= range.value.to) {
      part.value.append(rows);
      triggerRef(part);
    }
    if (whole.value.rowsAdded > MOST_LIVE_ROWS && !isLoading.value) void loadWhole();
  });
  useStudioEvent('rewound', ({ run: rewound, step }) => {
    if (rewound !== name()) return;
    // What is on its way may hold rows that are no more.
    if (isLoading.value) void loadWhole();
    whole.value?.rewind(step);
    part.value?.rewind(step);
    triggerRef(whole);
    triggerRef(part);
  });
  watch(
    () => run().hasBegun,
    (begun) => begun && void loadWhole(),
  );
  watch(
    () => run().step,
    () => {
      const now = Date.now();
      if (now - Math.max(rowAt, readAt) < OTHERS_RUN_MS) return;
      readAt = now;
      void loadWhole();
    },
  );
  // What came while the connection was lost too long is in the file only.
  useStudioEvent('snapshot', () => void loadWhole());

  onScopeDispose(() => {
    clearTimeout(rest);
    loadingWhole.abort();
    loadingPart.abort();
  });
  return { whole, part, range, failure, isLoading, zoom, reload: loadWhole };
}

const axisIn = (query: string | undefined): unknown =>
  query === undefined ? undefined : (JSON.parse(query) as { axis?: unknown }).axis;

/** A range within the axis; undefined where it is all of it. */
function inside({ from, to }: AxisRange, curves: RunCurves | undefined): AxisRange | undefined {
  const [begin, end] = [0, curves?.end ?? to];
  const kept = { from: Math.max(begin, from), to: Math.min(end, to) };
  return kept.to <= kept.from || (from <= begin && to >= end) ? undefined : kept;
}

/** A little more than is shown, so that panning has something to show at once. */
function withMargins({ from, to }: AxisRange): AxisRange {
  const margin = (to - from) / 2;
  return { from: Math.max(0, from - margin), to: to + margin };
}
