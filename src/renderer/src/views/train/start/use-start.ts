import { computed, ref } from 'vue';
import { useRouter } from 'vue-router';
import { runSummarySchema } from '../../../../../shared/api/runs.ts';
import { read, studio } from '../../../api/client.ts';
import { useJobs } from '../../../stores/jobs.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { useDataFacts } from '../forecast/data-facts.ts';
import { useForecast } from '../forecast/forecast-store.ts';
import { useProbe } from '../forecast/probe-store.ts';
import { useDraft } from '../recipe/draft-store.ts';
import { useTypedFields } from '../recipe/typed-fields.ts';

/** Starting the run of the draft. */
export function useStart() {
  const router = useRouter();
  const draft = useDraft();
  const data = useDataFacts();
  const forecast = useForecast();
  const probe = useProbe();
  const typed = useTypedFields();
  const jobs = useJobs();
  const toasts = useToasts();
  const isStarting = ref(false);

  /** Why it cannot start; undefined where it can. */
  const obstacle = computed(() => {
    if (draft.textIsBroken) return 'The text of the recipe cannot be read';
    if (draft.problems.length > 0)
      return draft.problems.length === 1 ? '1 problem' : `${draft.problems.length} problems`;
    if (!typed.areSound) return 'A field holds no value yet';
    if (forecast.misfit !== undefined) return forecast.misfit;
    const errors = data.isCurrent ? data.items.filter(({ level }) => level === 'error') : [];
    return errors[0]?.title;
  });
  const isTraining = computed(() => jobs.active.some(({ kind }) => kind === 'train'));
  const label = computed(() => (isTraining.value ? 'Queue training' : 'Start training'));

  async function start(): Promise<void> {
    if (obstacle.value !== undefined || isStarting.value) return;
    isStarting.value = true;
    try {
      const run = await read(
        runSummarySchema,
        studio.api.runs.$post({ json: { yaml: draft.text, ...(probe.result && { probe: probe.result }) } }),
      );
      await router.push(`/runs/${run.name}`);
    } catch (error) {
      toasts.showError(error);
    } finally {
      isStarting.value = false;
    }
  }

  return { isStarting, obstacle, label, start };
}
