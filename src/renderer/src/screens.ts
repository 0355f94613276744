/** The screens of the navigation, in its order. */
import { Activity, Columns2, Database, Grid3x3, Layers, ServerCog } from 'lucide-vue-next';
import type { Component } from 'vue';

export interface Screen {
  readonly path: string;
  readonly label: string;
  readonly icon: Component;
  /** Second key after `g`. */
  readonly key: string;
}

export const SCREENS: readonly Screen[] = [
  { path: '/runs', label: 'Runs', icon: Activity, key: 'r' },
  { path: '/train', label: 'Train', icon: Layers, key: 't' },
  { path: '/data', label: 'Data', icon: Database, key: 'd' },
  { path: '/compare', label: 'Compare', icon: Columns2, key: 'c' },
  { path: '/study', label: 'Study', icon: Grid3x3, key: 's' },
  { path: '/engine', label: 'Engine', icon: ServerCog, key: 'e' },
];
