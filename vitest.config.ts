import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Nest's injection needs decorator metadata, which only swc emits here.
  plugins: [swc.vite()],
  oxc: false,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/patience.setup.ts'],
    globalSetup: ['test/support/postgres.setup.ts'],
    expect: { poll: { timeout: 10_000 } },
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
