/** Answers of the model in training to fixed questions, where the run records them. */
import { shallowRef, watch } from 'vue';
import { runSamplesSchema, type SampleAnswer } from '../../../../../shared/api/runs.ts';
import { read, studio } from '../../../api/client.ts';

/** @param sign changes when there may be new answers; false while there can be none */
export function useRunSamples(name: () => string, sign: () => unknown) {
  const samples = shallowRef<readonly SampleAnswer[]>([]);

  async function load(): Promise<void> {
    if (sign() === false || sign() === undefined) return;
    const run = name();
    const answer = await read(runSamplesSchema, studio.api.runs[':name'].samples.$get({ param: { name: run } }));
    if (run === name()) samples.value = answer.samples;
  }

  watch(name, () => (samples.value = []));
  // A run without answers has no such tab: nothing to tell.
  watch([name, sign], () => void load().catch(() => undefined), { immediate: true });
  return { samples };
}
