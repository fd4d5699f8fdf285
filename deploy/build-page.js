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
  const hash = createHash('sha256').update(bytes).digest('base64url').replace(/\W/g, '').slice(0, 10);
  assets.set(fileName, { name: fileName.replace(/(?=\.\w+$)/, `-${hash}`), bytes });
}
const page = (await readFile(join(source, 'index.html'), 'utf8')).replace(/\{\{(.+?)\}\}/g, (_, name) => {
  const asset = assets.get(name);
  if (asset === undefined) throw new Error(`Expected an asset named ${name}, got ${[...assets.keys()]}`);
  return `assets/${asset.name}`;
});

// Beside the old one first: a process that serves the page while it is built sees one or the other.
const fresh = `${target}.${process.pid}`;
await mkdir(join(fresh, 'assets'), { recursive: true });
await write('index.html', Buffer.from(page));
for (const { name, bytes } of assets.values()) await write(`assets/${name}`, bytes);
await rm(target, { recursive: true, force: true });
await rename(fresh, target);

async function write(name, bytes) {
  const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  await writeFile(join(fresh, name), bytes);
  await writeFile(join(fresh, `${name}.br`), brotliCompressSync(bytes, brotli));
  await writeFile(join(fresh, `${name}.gz`), gzipSync(bytes, { level: 9 }));
}
