/** What the run took so far, by stage, and what was forecast. */
import { shallowRef, watch } from 'vue';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { runCostsSchema, type RunCosts } from '../../../../../shared/run-costs.ts';
import { failureOf } from '../../../api/api-error.ts';
import { read, studio } from '../../../api/client.ts';

/** @param sign changes when there may be new figures */
export function useRunCosts(name: () => string, sign: () => unknown) {
  const costs = shallowRef<RunCosts>();
  const failure = shallowRef<ApiFailure>();

  async function load(): Promise<void> {
    const run = name();
    try {
      const answer = await read(runCostsSchema, studio.api.runs[':name'].costs.$get({ param: { name: run } }));
      if (run !== name()) return;
      costs.value = answer;
      failure.value = undefined;
    } catch (error) {
      if (run === name()) failure.value = failureOf(error);
    }
  }

  watch(name, () => (costs.value = undefined));
  watch([name, sign], () => void load(), { immediate: true });
  return { costs, failure };
}
