import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { failureOf } from '../../api/api-error.ts';
import type { ApiFailure } from '../../../../shared/api/failures.ts';

export interface Loaded<T> {
  /** What came last; that of an earlier key stays until the new one is here. */
  readonly value: Readonly<ShallowRef<T | undefined>>;
  readonly failure: Readonly<ShallowRef<ApiFailure | undefined>>;
  readonly isLoading: Readonly<Ref<boolean>>;
  readonly reload: () => void;
}

/**
 * Loads something whenever its key changes; a request that was overtaken is cancelled.
 *
 * @param keyOf undefined = nothing to load
 */
export function useLoaded<K, T>(
  keyOf: () => K | undefined,
  load: (key: K, signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const value = shallowRef<T>();
  const failure = shallowRef<ApiFailure>();
  const isLoading = ref(false);
  let request: AbortController | undefined;

  async function run(key: K | undefined): Promise<void> {
    request?.abort();
    failure.value = undefined;
    isLoading.value = key !== undefined;
    if (key === undefined) return void (value.value = undefined);
    const current = (request = new AbortController());
    try {
      const loaded = await load(key, current.signal);
      if (request === current) value.value = loaded;
    } catch (error) {
      if (request !== current || current.signal.aborted) return;
      value.value = undefined;
      failure.value = failureOf(error);
    } finally {
      if (request === current) isLoading.value = false;
    }
  }

  watch(keyOf, (key) => void run(key), { immediate: true });
  onScopeDispose(() => request?.abort());
  return { value, failure, isLoading, reload: () => void run(keyOf()) };
}
