import { computed, onScopeDispose, shallowRef, triggerRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { SampleSummary } from '../../../../../shared/api/datasets.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { SamplePages, type FetchPage } from './sample-pages.ts';

/** A fling passes many pages: those it rests on this long are asked for. */
const SETTLE_MS = 50;
/** How often a search that still goes on is asked for more. */
const SEARCH_MS = 400;

export interface SampleWindow {
  readonly at: (index: number) => SampleSummary | undefined;
  /** Samples that match, as far as is known; undefined before the first answer. */
  readonly total: ComputedRef<number | undefined>;
  readonly isComplete: ComputedRef<boolean>;
  readonly failure: Readonly<ShallowRef<ApiFailure | undefined>>;
  /** Samples `first` (inclusive) to `end` (exclusive) are in view. */
  readonly show: (first: number, end: number) => void;
  readonly retry: () => void;
}

/** @param fetcher of one dataset under one filter; where it changes, everything begins anew */
export function useSamplePages(fetcher: () => FetchPage): SampleWindow {
  const pages = shallowRef<SamplePages>();
  const failure = shallowRef<ApiFailure>();
  let wanted: readonly [number, number] = [0, 1];
  let settling: ReturnType<typeof setTimeout> | undefined;

  function askNow(): void {
    settling = undefined;
    pages.value?.show(...wanted);
  }

  function show(first: number, end: number): void {
    wanted = [first, Math.max(end, first + 1)];
    settling ??= setTimeout(askNow, SETTLE_MS);
  }

  function begin(fetchPage: FetchPage): void {
    pages.value?.close();
    failure.value = undefined;
    wanted = [0, 1];
    pages.value = new SamplePages(fetchPage, {
      onChange: () => triggerRef(pages),
      onError: (error) => (failure.value = failureOf(error)),
    });
    askNow();
  }

  function retry(): void {
    failure.value = undefined;
    askNow();
  }

  watch(fetcher, begin, { immediate: true });
  const search = setInterval(() => !failure.value && pages.value?.askForRest(), SEARCH_MS);
  onScopeDispose(() => {
    pages.value?.close();
    clearInterval(search);
    clearTimeout(settling);
  });

  return {
    at: (index) => pages.value?.at(index),
    total: computed(() => pages.value?.total),
    isComplete: computed(() => pages.value?.isComplete ?? false),
    failure,
    show,
    retry,
  };
}
