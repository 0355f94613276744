/** Builds the desktop shell and the renderer. Targets are given: Electron's binary need not be there to build. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'electron-vite';
import { rendererConfig } from './vite.config.ts';

const inProject = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const preload = inProject('src/preload/index.ts');

export default defineConfig({
  main: {
    build: {
      outDir: inProject('out/main'),
      target: 'node22',
      rolldownOptions: { input: inProject('src/main/index.ts') },
    },
  },
  ...(existsSync(preload) && {
    preload: {
      build: { outDir: inProject('out/preload'), target: 'node22', rolldownOptions: { input: preload } },
    },
  }),
  renderer: rendererConfig,
});
