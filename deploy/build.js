// Bundles the functions into dist/: one file for what every start needs, others for what waits for its first use. Hundreds of
// small files less are found, read and linked by an instance that starts (docs/decisions/cold-start.md).
import { build } from 'rolldown';

await build({
  input: {
    index: 'functions/index.ts',
    // Started as a thread, by its name beside the file that starts it.
    worker: 'lib/engines/patchmatch/worker.ts',
  },
  platform: 'node',
  // The framework keeps its registry of functions in a module of its own; sharp's binaries are packages, one for each platform.
  external: ['@google-cloud/functions-framework', /^@img\//],
  logLevel: 'warn',
  // Not minified: stacks name functions, and the size of files hardly counts.
  output: { dir: 'dist/functions', format: 'esm', sourcemap: true, cleanDir: true },
});
