// Tests run the page and the kernels as their sources are now.
import './deploy/build-page.js';
import './deploy/kernels.js';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only take turns, and each holds its own libvips.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
