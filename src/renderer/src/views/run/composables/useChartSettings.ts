/** How charts are drawn: axis, smoothing, logarithms, choice and order. Remembered by the browser. */
import { computed, ref, shallowRef, watch } from 'vue';
import { z } from 'zod';
import { xAxisSchema, type XAxis } from '../../../../../shared/api/metrics-query.ts';
import { axesOf } from '../metrics/axis.ts';
import { chosenCharts, defaultChoice, parseChoice, type ChartChoice } from '../metrics/chart-choice.ts';
import { chartsOf, type Phase } from '../metrics/charts.ts';
import { MAX_SMOOTHING } from '../metrics/smoothing.ts';

const SETTINGS_KEY = 'llavolta.charts';
const choiceKey = (phase: Phase): string => `${SETTINGS_KEY}.${phase}`;

const settingsSchema = z.object({
  axis: xAxisSchema.catch('step'),
  smoothing: z.number().min(0).max(MAX_SMOOTHING).catch(0.6),
  /** Ids of the charts with a logarithmic axis. */
  logarithmic: z.array(z.string()).catch([]),
});
type Settings = z.output<typeof settingsSchema>;

function readSettings(): Settings {
  try {
    return settingsSchema.parse(JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? '{}'));
  } catch {
    return settingsSchema.parse({});
  }
}

/** @param phase of the run that is shown */
export function useChartSettings(phase: () => Phase) {
  const settings = ref(readSettings());
  watch(settings, (next) => localStorage.setItem(SETTINGS_KEY, JSON.stringify(next)), { deep: true });

  const choice = shallowRef<ChartChoice>([]);
  const readChoice = (): ChartChoice => parseChoice(localStorage.getItem(choiceKey(phase()))) ?? defaultChoice(phase());
  watch(phase, () => (choice.value = readChoice()), { immediate: true });

  function choose(next: ChartChoice): void {
    choice.value = next;
    localStorage.setItem(choiceKey(phase()), JSON.stringify(next));
  }

  /** Back to what is shown without a choice. */
  function forgetChoice(): void {
    localStorage.removeItem(choiceKey(phase()));
    choice.value = defaultChoice(phase());
  }

  const charts = computed(() => chosenCharts(phase(), choice.value));
  const all = computed(() => chartsOf(phase()));
  /** The axis that was chosen, or steps where the phase has no such axis. */
  const axis = computed<XAxis>({
    get: () => (axesOf(phase()).includes(settings.value.axis) ? settings.value.axis : 'step'),
    set: (next) => (settings.value.axis = next),
  });
  const smoothing = computed({
    get: () => settings.value.smoothing,
    set: (next) => (settings.value.smoothing = next),
  });
  const isLogarithmic = (id: string): boolean => settings.value.logarithmic.includes(id);

  function toggleLogarithmic(id: string): void {
    const { logarithmic } = settings.value;
    settings.value.logarithmic = isLogarithmic(id) ? logarithmic.filter((known) => known !== id) : [...logarithmic, id];
  }

  return { axis, smoothing, charts, all, choice, choose, forgetChoice, isLogarithmic, toggleLogarithmic };
}
