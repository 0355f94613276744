import { defineStore } from 'pinia';
import { computed, onScopeDispose, shallowRef, watch } from 'vue';
import { preflightSchema, type PreflightItem, type RecipeFacts } from '../../../../../shared/api/recipes.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { read, studio } from '../../../api/client.ts';
import { useDraft } from '../recipe/draft-store.ts';

/** Long enough for a drag or a word to be over. */
const QUIET_MS = 600;

interface Looked {
  readonly yaml: string;
  /** What the facts depend on besides the stages. */
  readonly subject: string;
  readonly items: readonly PreflightItem[];
  readonly facts: RecipeFacts;
}

/** What the studio finds when it looks at the recipe with its files: the pre-flight list and the facts of the data. */
export const useDataFacts = defineStore('train-data-facts', () => {
  const draft = useDraft();
  const looked = shallowRef<Looked>();
  const failure = shallowRef<ApiFailure>();
  const isLooking = shallowRef(false);
  let running: AbortController | undefined;

  const subject = computed(() => {
    const { model, data, optimizer, train, phase } = draft.draft;
    return JSON.stringify([model, data, optimizer, train, phase]);
  });

  async function look(): Promise<void> {
    const [yaml, of] = [draft.text, subject.value];
    running?.abort();
    const abort = (running = new AbortController());
    isLooking.value = true;
    try {
      const found = await read(
        preflightSchema,
        studio.api.recipes.preflight.$post({ json: { yaml } }, { init: { signal: abort.signal } }),
      );
      looked.value = { yaml, subject: of, ...found };
      failure.value = undefined;
    } catch (error) {
      if (!abort.signal.aborted) failure.value = failureOf(error);
    } finally {
      if (running === abort) isLooking.value = false;
    }
  }

  /** Facts of the model, data and length that the draft has now. */
  const facts = computed(() => (looked.value?.subject === subject.value ? looked.value.facts : undefined));
  const totalSteps = computed(() => {
    const steps = draft.field(['optimizer', 'steps']);
    return typeof steps === 'number' && Number.isInteger(steps) && steps > 0 ? steps : facts.value?.totalSteps;
  });
  const isCurrent = computed(() => looked.value !== undefined && looked.value.yaml === draft.text);
  return {
    facts,
    totalSteps,
    items: computed(() => looked.value?.items ?? []),
    /** The list is about the recipe as it is now. */
    isCurrent,
    isLooking,
    failure,
    look,
    abandon: () => running?.abort(),
  };
});

/** Looks whenever editing pauses at a sound recipe, as long as the calling component lives. */
export function useFollowedFacts(): void {
  const draft = useDraft();
  const data = useDataFacts();
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => draft.recipe && draft.text,
    (yaml) => {
      clearTimeout(timer);
      if (yaml !== undefined && !data.isCurrent) timer = setTimeout(() => void data.look(), QUIET_MS);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    data.abandon();
  });
}
