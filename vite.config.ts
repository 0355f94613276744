/** Builds the renderer alone: the page that the studio's server hands to browsers and to the desktop window. */
import vue from '@vitejs/plugin-vue';
import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';

const inProject = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The renderer's build. */
export const rendererConfig = {
  root: inProject('src/renderer'),
  plugins: [vue()],
  build: {
    outDir: inProject('out/renderer'),
    emptyOutDir: true,
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    // The page's policy allows neither inline scripts nor fonts from data URLs.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
} satisfies UserConfig;

export default defineConfig(rendererConfig);
