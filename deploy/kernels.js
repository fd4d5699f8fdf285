// Builds lib/kernels/kernels.wasm when a source is newer. Run by `npm ci`, `npm start`, the tests and the build of the cloud.
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'lib/kernels/assembly');
export const kernelsFile = join(root, 'lib/kernels/kernels.wasm');

const changedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isCurrent() {
  // The folder changes when a source goes; this file has the options.
  const files = [sources, import.meta.filename, ...readdirSync(sources).map((name) => join(sources, name))];
  return files.every((path) => changedMs(path) < changedMs(kernelsFile));
}

async function buildKernels() {
  const { default: compiler } = await import('assemblyscript/asc');
  // Under a name of its own until it is whole: two may build at once.
  const unfinished = `${kernelsFile}.${process.pid}`;
  const { error, stderr } = await compiler.main([
    join(sources, 'index.ts'),
    ...['--baseDir', root, '--outFile', unfinished],
    ...['--runtime', 'stub', '--optimizeLevel', '3', '--converge', '--noAssert'],
    ...['--enable', 'simd', '--use', 'abort='],
    // Functions have names in profiles and stacks.
    '--debug',
  ]);
  if (error) throw new Error(`Expected kernels that compile, got:\n${stderr}`);
  renameSync(unfinished, kernelsFile);
}

if (!isCurrent()) await buildKernels();
