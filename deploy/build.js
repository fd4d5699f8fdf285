// Bundles the functions into dist/: one file for what every start needs, others for what waits for its first use. A starting
// instance then reads and links hundreds of files less (docs/decisions/cold-start.md).
import { build } from 'rolldown';

await build({
  input: {
    index: 'functions/index.ts',
    // A file of its own, because it is started as a thread.
    worker: 'lib/engines/patchmatch/worker.ts',
  },
  platform: 'node',
  // The framework keeps its registry of functions in its own module; sharp has a package of binaries for each platform.
  external: ['@google-cloud/functions-framework', /^@img\//],
  logLevel: 'warn',
  // Not minified: stacks name functions, and the size of files hardly matters.
  output: { dir: 'dist/functions', format: 'esm', sourcemap: true, cleanDir: true },
});

await import('./build-page.js');
