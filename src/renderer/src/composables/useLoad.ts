import { onScopeDispose, ref, shallowRef } from 'vue';
import type { ApiFailure } from '../../../shared/api/failures.ts';
import { failureOf } from '../api/api-error.ts';

/** Something that is fetched, and what went wrong with it. A later call takes over from an earlier one. */
export function useLoad<A extends unknown[], T>(fetch: (signal: AbortSignal, ...args: A) => Promise<T>) {
  const value = shallowRef<T>();
  const failure = shallowRef<ApiFailure>();
  const isLoading = ref(false);
  let current: AbortController | undefined;

  async function load(...args: A): Promise<void> {
    current?.abort();
    const own = (current = new AbortController());
    isLoading.value = true;
    failure.value = undefined;
    try {
      const loaded = await fetch(own.signal, ...args);
      if (!own.signal.aborted) value.value = loaded;
    } catch (error) {
      if (!own.signal.aborted) failure.value = failureOf(error);
    } finally {
      if (current === own) isLoading.value = false;
    }
  }

  onScopeDispose(() => current?.abort());
  return { value, failure, isLoading, load };
}
