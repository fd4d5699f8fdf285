import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'rolldown';

const run = promisify(execFile);
const repository = resolve(import.meta.dirname, '../..');

/** What a framework cannot do without: the same dependencies, no work. */
const bareFunction = `import { cloudEvent, http } from '@google-cloud/functions-framework';
import sharp from 'sharp';
import { Storage } from '@google-cloud/storage';
export const used = [sharp, Storage];
cloudEvent('onUpload', async (event) => {});
http('edit', (request, response) => void response.status(204).end());
`;

/** The framework's state is its own; sharp's binaries are found by the path of their package. */
const neverBundled = [/^node:/, '@google-cloud/functions-framework', /^@img\//];
/** Google's clients, loaded when needed in any case. */
const clients = [/^@google-cloud\//, /^google-/];

export interface Build {
  readonly name: string;
  /** With package.json and node_modules, as Cloud Run functions starts it. */
  readonly folder: string;
}

/** Every way to deploy that is measured. */
export async function makeBuilds(root: string): Promise<readonly Build[]> {
  const plain = await folder('plain');
  await run(process.execPath, [
    join(repository, 'node_modules/typescript/bin/tsc'),
    ...['--project', join(repository, 'tsconfig.build.json'), '--outDir', join(plain, 'dist')],
  ]);
  const wasm = join(repository, 'lib/kernels/kernels.wasm');
  await cp(wasm, join(plain, 'dist/lib/kernels/kernels.wasm'));
  const eager = await folder('eager');
  await cp(join(plain, 'dist'), join(eager, 'dist'), { recursive: true });
  await writeFile(join(eager, 'dist/functions/eager.js'), await eagerEntry(join(eager, 'dist')));
  await describe(eager, 'dist/functions/eager.js');

  const bare = await folder('bare', 'index.js');
  await writeFile(join(bare, 'index.js'), bareFunction);
  return [
    { name: 'bare', folder: bare },
    { name: 'tsc, loaded when needed', folder: plain },
    { name: 'tsc, all loaded at start', folder: eager },
    { name: 'own files bundled', folder: await bundle('own', [...neverBundled, /^[^./]/]) },
    {
      name: 'bundled, but for sharp and the clients',
      folder: await bundle('some', [...neverBundled, 'sharp', ...clients]),
    },
    { name: 'bundled, but for sharp', folder: await bundle('most', [...neverBundled, 'sharp']) },
    // As deploy/build.js does it.
    { name: "bundled, but for sharp's binaries (deployed)", folder: await bundle('all', neverBundled) },
  ];

  async function folder(name: string, main = 'dist/functions/index.js'): Promise<string> {
    const path = join(root, name);
    await mkdir(path);
    await symlink(join(repository, 'node_modules'), join(path, 'node_modules'));
    await describe(path, main);
    return path;
  }

  /** One file, and one for each import that waits for its first use. */
  async function bundle(name: string, external: readonly (string | RegExp)[]): Promise<string> {
    const path = await folder(name);
    await build({
      input: {
        index: join(plain, 'dist/functions/index.js'),
        // Found by its name beside the file that starts it.
        worker: join(plain, 'dist/lib/engines/patchmatch/worker.js'),
      },
      platform: 'node',
      external: [...external],
      logLevel: 'silent',
      output: { dir: join(path, 'dist/functions'), format: 'esm' },
    });
    await cp(wasm, join(path, 'dist/functions/kernels.wasm'));
    return path;
  }
}

const describe = (path: string, main: string) =>
  writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module', main }));

/** Everything there is, imported before the function itself. */
async function eagerEntry(dist: string): Promise<string> {
  const files = await readdir(join(dist, 'lib'), { recursive: true });
  // The worker does something when it is imported.
  const modules = files.filter((file) => file.endsWith('.js') && !file.endsWith('worker.js'));
  const packages = ['sharp', '@google-cloud/storage', 'google-auth-library'];
  return [...packages, ...modules.map((file) => `../lib/${file}`), './index.js']
    .map((name) => `import '${name}';\n`)
    .join('');
}
