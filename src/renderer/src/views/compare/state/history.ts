/** Questions that were asked before, newest first; the studio keeps them. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { historySchema, type Ask } from '../../../../../shared/api/compare.ts';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';

/** Whether every word is found somewhere in the question or its answers, whatever its case. */
export function matchesSearch({ request, answers }: Pick<Ask, 'request' | 'answers'>, search: string): boolean {
  const texts = [request.question, ...answers.flatMap(({ text, model, compression }) => [text, model, compression])];
  const all = texts.join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export const useHistory = defineStore('compare-history', () => {
  const asks = shallowRef<readonly Ask[]>([]);
  const isLoaded = ref(false);
  const search = ref('');
  const found = computed(() => asks.value.filter((ask) => matchesSearch(ask, search.value)));

  useConnection().subscribe('ask-ended', ({ ask }) => {
    asks.value = [ask, ...asks.value.filter(({ id }) => id !== ask.id)];
  });

  /** @throws ApiError */
  async function load(): Promise<void> {
    asks.value = (await read(historySchema, studio.api.compare.history.$get())).asks;
    isLoaded.value = true;
  }

  /** @throws ApiError */
  async function remove(id: string): Promise<void> {
    await read(doneSchema, studio.api.compare.history[':id'].$delete({ param: { id } }));
    asks.value = asks.value.filter((ask) => ask.id !== id);
  }

  return { asks, found, search, isLoaded, load, remove };
});
