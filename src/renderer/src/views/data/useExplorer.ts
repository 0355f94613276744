import { computed, ref, watch, type ComputedRef, type Ref, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { fetchSamples } from './data-api.ts';
import {
  filtersFromAddress,
  filtersToAddress,
  filtersToQuery,
  isUnfiltered,
  NO_FILTERS,
  type SampleFilters,
} from './filters/sample-filters.ts';
import type { FetchPage } from './samples/sample-pages.ts';
import { useSamplePages, type SampleWindow } from './samples/useSamplePages.ts';

/** Typing rests this long before it filters. */
const TYPING_MS = 250;

export interface Explorer {
  /** As they are typed; the samples follow a moment later. */
  readonly filters: Ref<SampleFilters>;
  readonly isFiltered: ComputedRef<boolean>;
  readonly samples: SampleWindow;
  /** Position of the active sample among those that match. */
  readonly active: Ref<number | undefined>;
  /** Index in the file of the sample in the panel; undefined = the panel is closed. */
  readonly openIndex: WritableComputedRef<number | undefined>;
  /** Moves the active sample, and with it the panel. */
  readonly move: (by: 1 | -1) => void;
}

const indexOf = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;

/**
 * Filters and the open sample of a dataset; both stand in the page's address, so that a reload, the back button and a link
 * lead to the same view.
 */
export function useExplorer(dataset: string): Explorer {
  const route = useRoute();
  const router = useRouter();
  const filters = ref(filtersFromAddress(route.query));
  const active = ref<number>();
  const openIndex = computed({
    get: () => indexOf(route.query['sample']),
    set: (index) => setAddress(filtersFromAddress(route.query), index),
  });

  function setAddress(next: SampleFilters, sample: number | undefined): void {
    const query = { ...filtersToAddress(next), ...(sample === undefined ? {} : { sample: String(sample) }) };
    void router.replace({ query });
  }

  let typing: ReturnType<typeof setTimeout> | undefined;
  // Deep: a field that is typed into changes its filter in place.
  watch(
    filters,
    (next) => {
      clearTimeout(typing);
      typing = setTimeout(() => setAddress(next, openIndex.value), TYPING_MS);
    },
    { deep: true },
  );

  const query = computed(() => JSON.stringify(filtersToQuery(filtersFromAddress(route.query))));
  const fetcher = computed((): FetchPage => {
    const parsed = JSON.parse(query.value) as Record<string, string>;
    return (offset, limit, signal) => fetchSamples(dataset, parsed, { offset, limit }, signal);
  });
  const samples = useSamplePages(() => fetcher.value);
  // Another filter, be it typed or by the back button: positions mean other samples now.
  watch(query, () => {
    active.value = undefined;
    filters.value = filtersFromAddress(route.query);
  });

  function move(by: 1 | -1): void {
    const last = (samples.total.value ?? 0) - 1;
    if (last < 0) return;
    active.value = Math.min(Math.max((active.value ?? -by) + by, 0), last);
  }

  // The panel follows the active sample once that is there.
  watch(
    () => (active.value === undefined ? undefined : samples.at(active.value)?.index),
    (index) => {
      if (index !== undefined && openIndex.value !== undefined) openIndex.value = index;
    },
  );

  const isFiltered = computed(() => !isUnfiltered({ ...NO_FILTERS, ...filters.value }));
  return { filters, isFiltered, samples, active, openIndex, move };
}
