import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';
import { FIRST_STUDY, STUDY_TABS } from './views/study/study-tabs.ts';

declare module 'vue-router' {
  interface RouteMeta {
    /** Name of the screen. */
    readonly title: string;
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/runs' },
  { path: '/runs', component: () => import('./views/runs/RunsView.vue'), meta: { title: 'Runs' } },
  { path: '/runs/compare', component: () => import('./views/runs/RunsOverlayView.vue'), meta: { title: 'Runs' } },
  { path: '/runs/:name', component: () => import('./views/run/RunView.vue'), props: true, meta: { title: 'Runs' } },
  { path: '/train', component: () => import('./views/train/TrainView.vue'), meta: { title: 'Train' } },
  { path: '/data', component: () => import('./views/data/DataView.vue'), meta: { title: 'Data' } },
  { path: '/data/:id', component: () => import('./views/data/DataView.vue'), props: true, meta: { title: 'Data' } },
  { path: '/compare', component: () => import('./views/compare/CompareView.vue'), meta: { title: 'Compare' } },
  {
    path: '/study',
    component: () => import('./views/study/StudyView.vue'),
    redirect: FIRST_STUDY,
    meta: { title: 'Study' },
    children: STUDY_TABS.map(({ path, component }) => ({ path, component })),
  },
  { path: '/engine', component: () => import('./views/engine/EngineView.vue'), meta: { title: 'Engine' } },
  { path: '/:rest(.*)*', redirect: '/runs' },
];

/** Hash routes: the server hands out one page, and the desktop window needs no rewriting of addresses. */
export const router = createRouter({ history: createWebHashHistory(), routes });
