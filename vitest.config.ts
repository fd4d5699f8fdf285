// Tests run the page and the kernels as their sources are now.
import './deploy/build-page.js';
import './deploy/kernels.js';
import { defineConfig } from 'vitest/config';

/** Tests that count the threads of their process, or change it for good. */
const alone = ['test/lib/engines/patchmatch/patchmatch.test.ts', 'test/functions/domains.test.ts'];
const long = 'test/**/*.long.test.ts';
// A fresh checkout on a slow disk loads for a while before its first job runs.
const times = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // Two cores: more workers than that only take turns, and each holds its own libvips.
    maxWorkers: 2,
    projects: [
      {
        // Modules are loaded once for all files of a worker: a test takes back what it replaces.
        test: {
          ...times,
          name: 'together',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...alone, long],
        },
      },
      { test: { ...times, name: 'alone', include: alone } },
      { test: { ...times, name: 'long', include: [long] } },
    ],
  },
});
