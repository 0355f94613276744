import { shallowRef, triggerRef, type ShallowRef } from 'vue';

/** A collection that events keep up to date. Items are replaced, never changed. */
export interface LiveMap<T> {
  readonly items: Readonly<ShallowRef<ReadonlyMap<string, T>>>;
  /** Everything anew, as of a snapshot. */
  replaceAll(items: readonly T[]): void;
  set(item: T): void;
  remove(key: string): void;
}

/** @param keyOf the item's identity */
export function createLiveMap<T>(keyOf: (item: T) => string): LiveMap<T> {
  const items = shallowRef(new Map<string, T>());
  return {
    items,
    replaceAll(all) {
      items.value = new Map(all.map((item) => [keyOf(item), item]));
    },
    set(item) {
      items.value.set(keyOf(item), item);
      triggerRef(items);
    },
    remove(key) {
      if (items.value.delete(key)) triggerRef(items);
    },
  };
}
