import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'llavolta.theme';
const isTheme = (value: unknown): value is Theme => THEMES.includes(value as Theme);

/** The chosen theme, kept in the browser, and the one that is shown. */
export const useTheme = defineStore('theme', () => {
  const stored = localStorage.getItem(KEY);
  const choice = ref<Theme>(isTheme(stored) ? stored : 'system');
  const prefersLight = matchMedia('(prefers-color-scheme: light)');
  const systemIsLight = ref(prefersLight.matches);
  prefersLight.addEventListener('change', ({ matches }) => (systemIsLight.value = matches));

  const shown = computed(() => {
    if (choice.value !== 'system') return choice.value;
    return systemIsLight.value ? 'light' : 'dark';
  });
  watchEffect(() => {
    localStorage.setItem(KEY, choice.value);
    document.documentElement.dataset['theme'] = shown.value;
  });
  return { choice, shown };
});
