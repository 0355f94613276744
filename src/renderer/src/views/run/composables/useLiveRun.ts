/** Where a training stands at this moment, from the rows and micro-batches that events bring. */
import { computed, ref, shallowRef, watch } from 'vue';
import { metricsAnswerSchema, type MetricKey, type MetricsAnswer } from '../../../../../shared/api/metrics-query.ts';
import type { RunSummary } from '../../../../../shared/api/runs.ts';
import type { RunPlan } from '../../../../../shared/run-record.ts';
import { read, studio } from '../../../api/client.ts';
import { useStudioEvent } from '../../../api/events.ts';
import { valueOfRow, type MetricsRow } from '../metrics/run-curves.ts';
import { FIGURE_KEYS, type LatestFigures } from '../state/key-figures.ts';
import { hasBegun } from '../state/run-actions.ts';
import { PACE_STEPS, remainingMs, type RecentStep } from '../state/remaining-time.ts';

/** A step with the stage it was of, as only steps of one stage tell a pace together. */
interface TimedStep extends RecentStep {
  readonly step: number;
  readonly stage: number;
  /** FLOPs that compression saved up to this step. */
  readonly savedFlops: number;
}

/** For the pace and for the figures at the head. */
const KEYS = [...new Set<MetricKey>(['stepMs', 'flopsExact', 'flopsSavedExact', 'stage', ...FIGURE_KEYS])].join(',');

/** FLOPs that the same step would take in full: its own, and what it added to those saved. */
function timedStep(step: Omit<TimedStep, 'flopsFull'>, before: TimedStep | undefined): TimedStep {
  if (step.flopsExact === undefined || before?.step !== step.step - 1) return step;
  return { ...step, flopsFull: step.flopsExact + step.savedFlops - before.savedFlops };
}

function stepOfRow(row: MetricsRow, before: TimedStep | undefined): TimedStep {
  const { step, stepMs } = row;
  if (!('flopsExact' in row)) return { step, stepMs, stage: 0, savedFlops: 0 };
  return timedStep(
    { step, stepMs, stage: row.stage, flopsExact: row.flopsExact, savedFlops: row.flopsSavedExact },
    before,
  );
}

/** Recorded steps; all series have the same ones, as so few are not thinned out. */
function recordedSteps({ series }: MetricsAnswer): TimedStep[] {
  const values = (key: string): readonly (number | null)[] => series.find((one) => one.key === key)?.values ?? [];
  const [ms, flops, saved, stage] = ['stepMs', 'flopsExact', 'flopsSavedExact', 'stage'].map(values);
  const steps: TimedStep[] = [];
  for (const [index, step] of (series[0]?.steps ?? []).entries()) {
    const flopsExact = flops?.[index] ?? undefined;
    const found = { step, stepMs: ms?.[index] ?? 0, stage: stage?.[index] ?? 0, savedFlops: saved?.[index] ?? 0 };
    steps.push(timedStep({ ...found, ...(flopsExact !== undefined && { flopsExact }) }, steps.at(-1)));
  }
  return steps;
}

/** The last recorded number of each key. */
function lastFigures({ series }: MetricsAnswer): LatestFigures {
  return Object.fromEntries(
    series.flatMap(({ key, values }) => {
      const last = values.at(-1);
      return typeof last === 'number' ? [[key, last]] : [];
    }),
  );
}

const figuresOfRow = (row: MetricsRow): LatestFigures =>
  Object.fromEntries(FIGURE_KEYS.map((key) => [key, valueOfRow(row, key)]).filter(([, value]) => !Number.isNaN(value)));

/** @param plan of the run, once it is known */
export function useLiveRun(name: () => string, summary: () => RunSummary | undefined, plan: () => RunPlan | undefined) {
  const lastRow = shallowRef<MetricsRow>();
  const micro = shallowRef<{ readonly step: number; readonly microBatch: number; readonly of: number }>();
  const recent = shallowRef<readonly TimedStep[]>([]);
  const rewoundTo = ref<number>();
  const recorded = shallowRef<LatestFigures>({});

  const step = computed(() => {
    const told = summary()?.step ?? 0;
    return rewoundTo.value ?? Math.max(told, lastRow.value?.step ?? 0);
  });

  async function loadRecent(run: string): Promise<void> {
    const from = String(Math.max(0, (summary()?.step ?? 0) - PACE_STEPS));
    const query = { keys: KEYS, x: 'step', from, points: '4000' } as const;
    const answer = await read(
      metricsAnswerSchema,
      studio.api.runs[':name'].metrics.$get({ param: { name: run }, query }),
    );
    if (run !== name()) return;
    const first = recent.value[0]?.step ?? Infinity;
    recorded.value = lastFigures(answer);
    recent.value = [...recordedSteps(answer).filter((old) => old.step < first), ...recent.value];
  }

  const hasRows = (): boolean => {
    const run = summary();
    return run !== undefined && hasBegun(run);
  };
  watch(
    [name, hasRows],
    ([run, isKnown], [oldRun]) => {
      if (run !== oldRun) {
        [lastRow.value, micro.value, rewoundTo.value] = [undefined, undefined, undefined];
        [recent.value, recorded.value] = [[], {}];
      }
      // Without it the remaining time is known one step later.
      if (isKnown) loadRecent(run).catch(() => undefined);
    },
    { immediate: true },
  );

  useStudioEvent('metrics', ({ run, rows }) => {
    if (run !== name() || rows.length === 0) return;
    const steps = [...recent.value];
    for (const row of rows) steps.push(stepOfRow(row, steps.at(-1)));
    recent.value = steps.slice(-2 * PACE_STEPS);
    lastRow.value = rows.at(-1);
    [micro.value, rewoundTo.value] = [undefined, undefined];
  });
  useStudioEvent('micro', (event) => {
    if (event.run === name()) micro.value = event;
  });
  useStudioEvent('rewound', (event) => {
    if (event.run !== name()) return;
    recent.value = recent.value.filter((old) => old.step <= event.step);
    [lastRow.value, rewoundTo.value] = [undefined, event.step];
  });

  /** Of the stage at hand. */
  const paceSteps = computed(() => recent.value.filter((timed) => timed.stage === recent.value.at(-1)?.stage));
  const leftMs = computed(() => {
    const known = plan();
    return known && remainingMs(known, step.value, paceSteps.value);
  });
  const latest = computed(() => (lastRow.value ? figuresOfRow(lastRow.value) : recorded.value));
  return { latest, micro, step, leftMs };
}
