import { Chart } from 'chart.js';
import { onBeforeUnmount, onMounted, shallowRef, triggerRef, watch, type Ref } from 'vue';
import { useTheme } from '../../stores/theme.ts';
import {
  bandAnnotations,
  datasetsOf,
  emptyChart,
  endsOf,
  scalesOf,
  type AxisFormats,
  type LineChartOfPoints,
  type YLimits,
} from './chart-options.ts';
import type { LineSeries, StageBand, XRange } from './series.ts';

export interface LineChartInput {
  readonly series: () => readonly LineSeries[];
  readonly bands: () => readonly StageBand[];
  readonly isLog: () => boolean;
  readonly formats: () => AxisFormats;
  readonly limits: () => YLimits;
  readonly range: Ref<XRange | undefined>;
}

const FALLBACK_WIDTH = 800;

/**
 * Keeps one chart.js chart on a canvas in step with its input. New data replace points; the chart itself is made once, and
 * its axes anew only where something of them changed. It draws when Vue has rendered: whoever changes the input decides how
 * often. @returns the chart, triggered after each drawing, so that what is laid over it can follow
 */
export function useLineChart(canvas: Ref<HTMLCanvasElement | null>, input: LineChartInput) {
  const chart = shallowRef<LineChartOfPoints>();
  const theme = useTheme();

  function updateAxes(current: LineChartOfPoints): void {
    current.options.scales = scalesOf(input.formats(), input.isLog(), input.limits());
  }

  function updateBands(current: LineChartOfPoints): void {
    const { annotation } = current.options.plugins ?? {};
    if (annotation) annotation.annotations = bandAnnotations(input.bands());
  }

  function draw(current: LineChartOfPoints): void {
    const { min, max } = endsOf(input.series(), input.range.value);
    // Given and not left to chart.js, which would begin its round numbers at the first step.
    Object.assign(current.options.scales?.['x'] ?? {}, { min, max });
    const width = Math.max(1, Math.round(current.chartArea?.width ?? FALLBACK_WIDTH));
    const drawing = { range: input.range.value, isLog: input.isLog(), width };
    const wanted = datasetsOf(input.series(), drawing);
    const { datasets } = current.data;
    // The data sets stay the same objects: chart.js keeps what it has prepared for them.
    for (const [index, dataset] of wanted.entries()) {
      const known = datasets[index];
      if (known) Object.assign(known, dataset);
      else datasets.push(dataset);
    }
    datasets.length = wanted.length;
    current.update('none');
    triggerRef(chart);
  }

  function drawAll(): void {
    const current = chart.value;
    if (!current) return;
    updateAxes(current);
    updateBands(current);
    draw(current);
  }

  onMounted(() => {
    if (!canvas.value) return;
    chart.value = new Chart(
      canvas.value,
      emptyChart((range) => (input.range.value = range)),
    );
    drawAll();
  });
  onBeforeUnmount(() => chart.value?.destroy());
  const axes = (): readonly unknown[] => {
    const [{ x, y }, { min, max }] = [input.formats(), input.limits()];
    return [x, y, min, max, input.isLog(), theme.shown];
  };
  // One watcher: whatever changes in a tick is drawn once.
  watch(
    [input.series, input.bands, input.range, axes] as const,
    ([, bands, , isNow], [, oldBands, , was]) => {
      if (isNow.some((part, index) => part !== was[index])) return drawAll();
      if (!chart.value) return;
      if (bands !== oldBands) updateBands(chart.value);
      draw(chart.value);
    },
    { flush: 'post' },
  );
  return chart;
}
