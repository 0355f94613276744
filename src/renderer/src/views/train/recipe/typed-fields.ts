import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

/** Fields whose typed text is no value yet: the draft still holds the one before. */
export const useTypedFields = defineStore('train-typed-fields', () => {
  const wrong = ref<ReadonlySet<string>>(new Set());

  function note(field: string, isSound: boolean): void {
    if (wrong.value.has(field) !== isSound) return;
    const next = new Set(wrong.value);
    if (isSound) next.delete(field);
    else next.add(field);
    wrong.value = next;
  }

  return { wrong, areSound: computed(() => wrong.value.size === 0), note };
});
