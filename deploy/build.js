// Bundles the functions into dist/: one file for what every start needs, others for what waits for its first use. A starting
// instance then reads and links hundreds of files less (docs/decisions/cold-start.md).
import { copyFile } from 'node:fs/promises';
import { build } from 'rolldown';
import { kernelsFile } from './kernels.js';

await build({
  input: {
    index: 'functions/index.ts',
    // A file of its own, because it is started as a thread.
    worker: 'lib/engines/patchmatch/worker.ts',
    'people-worker': 'lib/finders/people/people-worker.ts',
    'onnx-worker': 'lib/engines/onnx/worker.ts',
  },
  platform: 'node',
  // The framework keeps its registry of functions in its own module; sharp has a package of binaries for each platform.
  external: ['@google-cloud/functions-framework', 'onnxruntime-web', /^@img\//],
  logLevel: 'warn',
  // Not minified: stacks name functions, and the size of files hardly matters.
  output: { dir: 'dist/functions', format: 'esm', sourcemap: true, cleanDir: true },
});

// Found by its name beside the bundle.
await copyFile(kernelsFile, 'dist/functions/kernels.wasm');
