import { defineStore } from 'pinia';
import { onScopeDispose, ref, watchEffect } from 'vue';

export interface Crumb {
  readonly label: string;
  /** Route; the last crumb has none. */
  readonly to?: string;
}

/** What the top bar shows beside the screen's name. */
export const usePage = defineStore('page', () => {
  const crumbs = ref<readonly Crumb[]>([]);
  return { crumbs };
});

/** Sets the breadcrumbs behind the screen's name as long as the calling component lives. */
export function useCrumbs(crumbs: () => readonly Crumb[]): void {
  const page = usePage();
  watchEffect(() => (page.crumbs = crumbs()));
  onScopeDispose(() => (page.crumbs = []));
}
