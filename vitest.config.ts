import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';
import { LongestFirstSequencer } from './test/support/longest-first.sequencer.js';

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
    // One more than the cores of a small machine: many tests wait for other programs, or for time to pass.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirstSequencer },
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
