// Bundles the functions and the command into dist/: one file for what every start needs, others for what waits for its first
// use. A starting instance then reads and links hundreds of files less (docs/decisions/cold-start.md).
import { copyFile } from 'node:fs/promises';
import { build } from 'rolldown';
import { kernelsFile } from './kernels.js';

/** Bundles one entry point with its threads, each a file of its own, and the kernels, which are found by name beside them. */
async function bundle(folder, entry, minify = false) {
  await build({
    input: {
      ...entry,
      worker: 'lib/engines/patchmatch/worker.ts',
      'onnx-worker': 'lib/engines/onnx/worker.ts',
    },
    platform: 'node',
    // The framework keeps its registry of functions in its own module; sharp has a package of binaries for each platform.
    external: ['@google-cloud/functions-framework', 'onnxruntime-web', /^@img\//],
    logLevel: 'warn',
    // Names stay: stacks name functions. In the cloud the size of files hardly matters.
    output: { dir: folder, format: 'esm', sourcemap: true, cleanDir: true, minify },
  });
  await copyFile(kernelsFile, `${folder}/kernels.wasm`);
}

await bundle('dist/functions', { index: 'functions/index.ts' });
// The command is sent to people: without comments and blanks.
await bundle(
  'dist/cli',
  { main: 'functions/cli.ts' },
  { mangle: false, compress: false, codegen: { removeWhitespace: true } },
);
await copyFile('functions/cli/launcher.js', 'dist/cli/gcs-inpaint.js');

await import('./build-page.js');
