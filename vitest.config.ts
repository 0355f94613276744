import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { engineEnvironment } from './src/main/studio/engine-environment.ts';

// The allocator reads its settings when a process starts, so they must be there before vitest forks its workers:
// `test.env` would come too late.
Object.assign(process.env, engineEnvironment());

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['test/**/*.test.ts'],
    // TensorFlow's native library must not be loaded in several threads of one process, and two cores are few.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
