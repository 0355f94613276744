import { shallowRef } from 'vue';

/** Where the pointer is on the x axis of a chart; all charts with the same key show it. */
export interface ChartHover {
  readonly key: string;
  readonly x: number;
}

/** Shared by all charts: there is one pointer. */
export const chartHover = shallowRef<ChartHover>();
