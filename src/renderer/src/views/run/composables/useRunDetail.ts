/** What a run is made of beside its row in the list: record, recipe, checkpoints, evaluations; read anew when they change. */
import { shallowRef, watch } from 'vue';
import { runDetailSchema, type RunDetail, type RunSummary } from '../../../../../shared/api/runs.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { read, studio } from '../../../api/client.ts';

/** The parts of a row whose change means that there is something new to read. */
function signOf(run: RunSummary | undefined): string {
  return JSON.stringify([run?.state, run?.checkpoint, run?.score, run?.totalSteps, run?.hasModel]);
}

/** @param summary of the run, as the studio tells it */
export function useRunDetail(name: () => string, summary: () => RunSummary | undefined) {
  const detail = shallowRef<RunDetail>();
  const failure = shallowRef<ApiFailure>();
  let newest = 0;

  async function load(): Promise<void> {
    const turn = ++newest;
    try {
      const answer = await read(runDetailSchema, studio.api.runs[':name'].$get({ param: { name: name() } }));
      if (turn !== newest) return;
      detail.value = answer;
      failure.value = undefined;
    } catch (error) {
      if (turn === newest) failure.value = failureOf(error);
    }
  }

  watch(name, () => (detail.value = undefined));
  watch([name, () => signOf(summary())], () => void load(), { immediate: true });
  return { detail, failure, load };
}
