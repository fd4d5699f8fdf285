import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import lockfile from '../../package-lock.json' with { type: 'json' };
import { openEmulator } from '../support/emulator-world.ts';
import { figurePicture } from '../support/figure.ts';
import { startFunction } from '../support/framework-process.ts';
import { buildAsBuildpack, buildQuickly, pack, repository, uploadedFiles } from '../support/packed.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { deliverUpload } from '../support/upload-event.ts';
import { useFolder } from '../support/use.ts';

const size = { width: 96, height: 64 };
const folder = await useFolder();

const isSource = (file: string) => /^(functions|lib)\/.+\.ts$/.test(file);

test('sources, lockfile and what compiles them are uploaded, nothing else', async () => {
  const files = await uploadedFiles(repository);
  expect(files.filter((file) => !isSource(file))).toEqual([
    'deploy/build-page.js',
    'deploy/build.js',
    'deploy/kernels.js',
    'deploy/prepare.js',
    'functions/cli/launcher.js',
    'functions/studio/openapi.json',
    'functions/studio/page/antelope.json',
    'functions/studio/page/icon.svg',
    'functions/studio/page/index.html',
    'functions/studio/page/page.css',
    'functions/studio/page/tsconfig.json',
    'lib/kernels/assembly/tsconfig.json',
    'package-lock.json',
    'package.json',
    'tsconfig.json',
  ]);
  expect(files).toContain('functions/index.ts');
  expect(files).toContain('lib/engines/patchmatch/worker.ts');
});

const strays = [
  '.env',
  'key.json',
  'photo.jpg',
  'node_modules/sharp/index.js',
  'deploy/terraform/terraform.tfstate',
  'dist/functions/index.js',
];

test('keys, state and pictures beside the sources are not uploaded', async () => {
  const stray = join(folder, 'stray');
  for (const file of [...strays, 'lib/edit.ts']) {
    await mkdir(join(stray, file, '..'), { recursive: true });
    await writeFile(join(stray, file), '');
  }
  await cp(join(repository, '.gcloudignore'), join(stray, '.gcloudignore'));
  expect(await uploadedFiles(stray)).toEqual(['lib/edit.ts']);
});

test("the lockfile has sharp's binaries for every platform", () => {
  const packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>> =
    lockfile.packages;
  const binaries = Object.entries(lockfile.packages['node_modules/sharp'].optionalDependencies);
  expect(binaries.map(([name]) => name)).toEqual(
    expect.arrayContaining(['@img/sharp-linux-x64', '@img/sharp-libvips-linux-x64']),
  );
  const missing = binaries.filter(([name, version]) => {
    const entry = packages[`node_modules/${name}`];
    return entry?.version !== version || !entry.integrity;
  });
  expect(missing).toEqual([]);
});

const isWholeBuild = process.env['PACK_TEST'] === 'buildpack';

test('what is uploaded builds, installs and answers an event and a request', { timeout: 180_000 }, async ({
  skip,
}) => {
  const packed = join(folder, 'packed');
  await pack(packed);
  const isInstalled = await (isWholeBuild ? buildAsBuildpack : buildQuickly)(packed);
  skip(!isInstalled, 'The registry cannot be reached: the packed folder is not installed.');
  expect(existsSync(join(packed, 'node_modules/typescript'))).toBe(false);

  const image = await pipelineOf(wavePicture(size)).png().toBuffer();
  const mask = await maskPng(boxMask(size, { left: 40, top: 30, width: 9, height: 8 }));
  await using storage = await openEmulator();
  const buckets = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  await using onUpload = await startFunction({
    folder: packed,
    target: 'onUpload',
    signature: 'cloudevent',
    environment: { ...buckets, STORAGE_API_ENDPOINT: storage.url },
  });
  await using edit = await startFunction({ folder: packed, target: 'edit' });

  await upload(storage.url, 'photo.mask.png', mask);
  const generation = await upload(storage.url, 'photo.png', image);
  expect(await deliverUpload(onUpload.url, { name: 'photo.png', generation })).toBe(204);
  const written = await names(storage.url, 'output');
  expect(written).toEqual([
    expect.stringMatching(/^photo\.png\/[0-9a-f]{16}\/1\.png$/),
    expect.stringMatching(/\/manifest\.json$/),
  ]);

  const body = new FormData();
  body.set('image', new Blob([Uint8Array.from(image)]), 'photo.png');
  body.set('mask', new Blob([Uint8Array.from(mask)]), 'mask.png');
  const response = await fetch(edit.url, { method: 'POST', body });
  expect(response.status, edit.lines().join('\n')).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/png');

  const people = new FormData();
  people.set('image', new Blob([Uint8Array.from(await pipelineOf(figurePicture(96, 64)).png().toBuffer())]));
  people.set('maskMode', 'people');
  const found = await fetch(edit.url, { method: 'POST', body: people });
  expect(found.headers.get('inpaint-finder'), edit.lines().join('\n')).toBe('people');
});

/** @returns the generation of the new object. */
async function upload(storageUrl: string, name: string, bytes: Uint8Array): Promise<string> {
  const url = `${storageUrl}/upload/storage/v1/b/input/o?uploadType=media&name=${name}`;
  const response = await fetch(url, { method: 'POST', body: Uint8Array.from(bytes) });
  return ((await response.json()) as { generation: string }).generation;
}

async function names(storageUrl: string, bucket: string): Promise<string[]> {
  const response = await fetch(`${storageUrl}/storage/v1/b/${bucket}/o`);
  return ((await response.json()) as { items: { name: string }[] }).items.map(({ name }) => name);
}
