import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { SampleSummary } from '../../../../../shared/api/datasets.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import type { BrokenSample } from '../../../../../shared/dataset.ts';
import { failureOf } from '../../../api/api-error.ts';
import { fetchSamples } from '../data-api.ts';

const PAGE = 500;
/** More are not read one by one: whoever has so many mends them by kind. */
const MOST_BROKEN = 100_000;

export interface BrokenSamples {
  /** Those that were read so far, in the order of the file. */
  readonly samples: Readonly<ShallowRef<readonly BrokenSample[]>>;
  readonly isReading: Readonly<Ref<boolean>>;
  readonly isCut: ComputedRef<boolean>;
  readonly failure: Readonly<ShallowRef<ApiFailure | undefined>>;
}

const toBroken = ({ index, id, line, broken }: SampleSummary): BrokenSample => ({
  index,
  id,
  line,
  reason: broken ?? '',
});

/**
 * Reads all broken samples of a dataset, page by page.
 *
 * @param dataset its id, and when it was read last: another reading begins anew
 */
export function useBrokenSamples(dataset: () => { id: string; importedAt: string }): BrokenSamples {
  const samples = shallowRef<readonly BrokenSample[]>([]);
  const failure = shallowRef<ApiFailure>();
  const isReading = ref(false);
  let request: AbortController | undefined;

  async function readAll(id: string, signal: AbortSignal): Promise<void> {
    const all: BrokenSample[] = [];
    while (all.length < MOST_BROKEN) {
      const page = await fetchSamples(id, { broken: 'true' }, { offset: all.length, limit: PAGE }, signal);
      all.push(...page.samples.map(toBroken));
      samples.value = [...all];
      if (page.samples.length < PAGE && page.isComplete) return;
    }
  }

  async function begin(id: string): Promise<void> {
    request?.abort();
    const current = (request = new AbortController());
    samples.value = [];
    failure.value = undefined;
    isReading.value = true;
    try {
      await readAll(id, current.signal);
    } catch (error) {
      if (!current.signal.aborted) failure.value = failureOf(error);
    } finally {
      if (request === current) isReading.value = false;
    }
  }

  watch(
    () => {
      const { id, importedAt } = dataset();
      return [id, importedAt] as const;
    },
    ([id]) => void begin(id),
    { immediate: true },
  );
  onScopeDispose(() => request?.abort());
  return { samples, isReading, isCut: computed(() => samples.value.length >= MOST_BROKEN), failure };
}
