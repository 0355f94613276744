/** The studies of the Study screen, in their order: each is a page with an address of its own, `/study/PATH`. */
import type { Component } from 'vue';

export interface StudyTab {
  readonly path: string;
  readonly label: string;
  readonly component: () => Promise<{ readonly default: Component }>;
}

export const STUDY_TABS: readonly StudyTab[] = [
  { path: 'redundancy', label: 'Redundancy', component: () => import('./redundancy/RedundancyPage.vue') },
  { path: 'attention', label: 'Attention', component: () => import('./attention/AttentionPage.vue') },
  { path: 'budget', label: 'Token budget', component: () => import('./budget/BudgetPage.vue') },
  { path: 'experiments', label: 'Experiments', component: () => import('./experiments/ExperimentsPage.vue') },
];

/** Where the screen opens. */
export const FIRST_STUDY = `/study/${STUDY_TABS[0]?.path ?? ''}`;
