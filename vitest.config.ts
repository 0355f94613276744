import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // TensorFlow's native library must not be loaded in several threads of one process, and two cores are few.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '3' },
  },
});
