import { computed, ref, shallowRef, watch } from 'vue';
import type { ApiFailure } from '../../../../shared/api/failures.ts';
import type { ModelExport, NewExport } from '../../../../shared/api/models.ts';
import { failureOf } from '../../api/api-error.ts';
import { useJobs } from '../../stores/jobs.ts';
import { fetchExport, startExport } from './model-export.ts';

/** An export from its beginning to its result. */
export function useModelExport() {
  const jobs = useJobs();
  const begun = shallowRef<ModelExport>();
  const refused = shallowRef<ApiFailure>();
  const isStarting = ref(false);

  const job = computed(() => (begun.value ? jobs.get(begun.value.job) : undefined));
  const exported = computed(() => begun.value?.exported);
  const failure = computed<ApiFailure | undefined>(() => refused.value ?? job.value?.failure);
  const isBusy = computed(
    () =>
      isStarting.value ||
      (begun.value !== undefined && !exported.value && !failure.value && job.value?.state !== 'cancelled'),
  );

  async function start(wanted: NewExport): Promise<void> {
    forget();
    isStarting.value = true;
    try {
      begun.value = await startExport(wanted);
    } catch (error) {
      refused.value = failureOf(error);
    } finally {
      isStarting.value = false;
    }
  }

  function forget(): void {
    begun.value = undefined;
    refused.value = undefined;
  }

  // The job's end may be told before the request that began it is answered.
  watch(
    () => [begun.value?.id, job.value?.state] as const,
    async ([id, state]) => {
      if (id === undefined || state !== 'done') return;
      try {
        const told = await fetchExport(id);
        if (begun.value?.id === id) begun.value = told;
      } catch (error) {
        refused.value = failureOf(error);
      }
    },
  );

  return { job, exported, failure, isBusy, start, forget };
}
