// Bundles the page of the studio into dist/page/: names carry a hash of their content, and each file lies there as it is, and
// compressed with brotli and gzip, so that the function only picks one.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = new URL('../', import.meta.url).pathname;
const source = join(root, 'functions/studio/page');
const target = join(root, 'dist/page');

const bundle = await rolldown({
  input: join(source, 'main.ts'),
  platform: 'browser',
  logLevel: 'warn',
  tsconfig: false,
});
const { output } = await bundle.generate({
  format: 'esm',
  minify: true,
  entryFileNames: 'main.js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();

const scripts = output.map(({ fileName, code }) => ({ fileName, bytes: Buffer.from(code ?? '') }));
const others = ['page.css', 'icon.svg'].map(async (fileName) => ({
  fileName,
  bytes: await readFile(join(source, fileName)),
}));
const assets = new Map();
for (const { fileName, bytes } of [...scripts, ...(await Promise.all(others))]) {
  // A part that another one loads is known to it under this name, which has a hash already.
  if (fileName.endsWith('.js') && fileName !== 'main.js') {
    assets.set(fileName, { name: fileName, bytes });
    continue;
  }
  const hash = createHash('sha256').update(bytes).digest('base64url').replace(/\W/g, '').slice(0, 10);
  assets.set(fileName, { name: fileName.replace(/(?=\.\w+$)/, `-${hash}`), bytes });
}
const page = (await readFile(join(source, 'index.html'), 'utf8')).replace(/\{\{(.+?)\}\}/g, (_, name) => {
  const asset = assets.get(name);
  if (asset === undefined) throw new Error(`Expected an asset named ${name}, got ${[...assets.keys()]}`);
  return `assets/${asset.name}`;
});

// Names carry hashes: the same page is the same set of files. Otherwise it is written beside the old one and put in its place, so
// that a process which serves it meanwhile sees one or the other.
const old = await readFile(join(target, 'index.html'), 'utf8').catch(() => undefined);
if (old !== page) {
  const fresh = `${target}.${process.pid}`;
  await mkdir(join(fresh, 'assets'), { recursive: true });
  await write(join(fresh, 'index.html'), Buffer.from(page));
  for (const { name, bytes } of assets.values()) await write(join(fresh, 'assets', name), bytes);
  await rm(target, { recursive: true, force: true });
  // Where another process was quicker, it has written the same.
  await rename(fresh, target).catch(() => rm(fresh, { recursive: true }));
}

async function write(path, bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  await writeFile(path, bytes);
  await writeFile(`${path}.br`, brotliCompressSync(bytes, brotli));
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
