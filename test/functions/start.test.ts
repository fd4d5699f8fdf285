import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openEmulator } from '../support/emulator-world.ts';
import { startFunction } from '../support/framework-process.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { deliverUpload } from '../support/upload-event.ts';

const repository = resolve(import.meta.dirname, '../..');
const mark = 'loads ';

/** Tells of every module that is loaded, in the process of the function. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) writeSync(1, '${mark}' + url + '\\n');
      return next(url, context);
    },
  });
`)}`;

/** Own files by their path, packages by their name; what the framework brings along is not ours to choose. */
function loadedBy(lines: readonly string[]) {
  const files = lines
    .filter((line) => line.startsWith(mark))
    .map((line) => relative(repository, fileURLToPath(line.slice(mark.length))));
  const packageOf = (file: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  return {
    own: new Set(files.filter((file) => /^(functions|lib)\//.test(file))),
    packages: new Set(files.map(packageOf).filter((name) => name !== undefined)),
  };
}

async function start(
  target: string,
  environment: Readonly<Record<string, string>> = {},
  onLine?: (line: string) => void,
) {
  return startFunction({
    ...(onLine && { onLine }),
    target,
    signature: target === 'onUpload' ? 'cloudevent' : 'http',
    environment,
    nodeOptions: ['--import', telling],
  });
}

const buckets = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };

/** Rooms that are entered with the first request, not before: pixels, model APIs, the store. */
const later =
  /^lib\/((edit|pixels|fit|plan|formats|kernels|storage)\b|engines\/(patchmatch|vertex|gemini)\/|engines\/imagen\/(edit|predict))/;
const heavy = ['sharp', '@google-cloud/storage', 'google-auth-library', 'gaxios', 'busboy'];

/** All functions are registered in the same way: what one loads before its first request, every one does. */
function expectOnlyStart(lines: readonly string[]): void {
  const { own, packages } = loadedBy(lines);
  expect(own.size).toBeGreaterThan(10);
  expect([...own].filter((file) => later.test(file))).toEqual([]);
  expect(heavy.filter((name) => packages.has(name))).toEqual([]);
  expect([...packages]).toEqual(expect.arrayContaining(['express', 'zod', 'pino']));
}

test('an upload whose mask is missing needs the store, and neither pixels nor models', async () => {
  await using storage = await openEmulator();
  const url = `${storage.url}/upload/storage/v1/b/input/o?uploadType=media&name=photo.png`;
  const uploaded = await fetch(url, { method: 'POST', body: Uint8Array.of(1) });
  const { generation } = (await uploaded.json()) as { readonly generation: string };
  await using running = await start('onUpload', {
    ...buckets,
    STORAGE_API_ENDPOINT: storage.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  expectOnlyStart(running.lines());
  expect(await deliverUpload(running.url, { name: 'photo.png', generation })).toBe(204);
  const { own, packages } = loadedBy(running.lines());
  expect(packages).toContain('@google-cloud/storage');
  expect(packages).not.toContain('sharp');
  expect([...own].filter((file) => /^lib\/(edit|pixels|fit|plan|formats)\b/.test(file))).toEqual([
    'lib/pixels/raster.ts',
  ]);
});

test('settings that contradict each other keep a function from starting, and are told with their code', async () => {
  const environment = { ...buckets, ...{ GOOGLE_CLOUD_PROJECT: 'p', ENGINE: 'gemini' } };
  const unpriced = { ...environment, MODEL: 'some-model', DAILY_COST_CAP_USD: '5' };
  const lines: string[] = [];
  const refused = start('runJob', unpriced, (line) => lines.push(line));
  await expect(refused).rejects.toThrow();
  const told = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  expect(told).toMatchObject([{ severity: 'ERROR', code: 'CONFIG_INVALID' }]);
  await using running = await start('runJob', { ...environment, DAILY_COST_CAP_USD: '5' });
  expect(running.url).toContain('http');
});

test('an edit by the embedded engine needs pixels, and neither the store nor credentials', async () => {
  const size = { width: 24, height: 16 };
  const body = new FormData();
  const box = { left: 8, top: 6, width: 4, height: 4 };
  const image = await pipelineOf(wavePicture(size)).png().toBuffer();
  body.set('image', new Blob([Uint8Array.from(image)]), 'f');
  body.set('mask', new Blob([Uint8Array.from(await maskPng(boxMask(size, box)))]), 'f');
  await using running = await start('edit');
  expectOnlyStart(running.lines());
  const response = await fetch(running.url, { method: 'POST', body });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  const { packages } = loadedBy(running.lines());
  expect(packages).toContain('sharp');
  expect(heavy.filter((name) => packages.has(name)).sort()).toEqual(['busboy', 'sharp']);
});
