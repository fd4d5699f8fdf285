import '../../deploy/build.js';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEmulator } from '../support/emulator-world.ts';
import { startFaultyModel } from '../support/faulty-model.ts';
import { startFunction } from '../support/framework-process.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { deliverUpload } from '../support/upload-event.ts';
import { markdownTable } from './markdown.ts';
import { usageOf } from './watched.ts';

/**
 * Cold starts: from the spawn of a fresh process to its first 2xx, beside a framework function that imports
 * sharp and the storage client and does nothing: `node test/bench/cold.ts [rounds]`. Both are started in turn
 * in each round, ratios are taken within a round, and medians of the rounds are printed: the machine may be
 * busy. CPU counts every thread.
 */
const rounds = Number(process.argv[2] ?? 7);

/** Its package.json names the built bundle. */
const repository = resolve(import.meta.dirname, '../..');

/** What a framework cannot do without: the same dependencies, no work. */
const bareFunction = `import { cloudEvent, http } from '@google-cloud/functions-framework';
import sharp from 'sharp';
import { Storage } from '@google-cloud/storage';
export const used = [sharp, Storage];
cloudEvent('onUpload', async (event) => {});
http('edit', (request, response) => void response.status(204).end());
`;

const size = { width: 32, height: 24 };
const image = Uint8Array.from(await pipelineOf(wavePicture(size)).png().toBuffer());
const mask = Uint8Array.from(await maskPng(boxMask(size, { left: 12, top: 8, width: 6, height: 6 })));

await using storage = await openEmulator();
await using closing = new AsyncDisposableStack();
const model = closing.adopt(await startFaultyModel(), (emulator) => emulator.close());
const root = closing.adopt(await mkdtemp(join(tmpdir(), 'cold-')), (path) => rm(path, { recursive: true }));

const upload = await fetch(`${storage.url}/upload/storage/v1/b/input/o?uploadType=media&name=photo.png`, {
  method: 'POST',
  body: image,
});
const { generation } = (await upload.json()) as { readonly generation: string };
const buckets = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };

/** First requests, each answered with its status. */
const scenarios = {
  '`onUpload`: an upload whose mask is missing': {
    target: 'onUpload',
    signature: 'cloudevent',
    environment: { ...buckets, STORAGE_API_ENDPOINT: storage.url },
    ask: (url: string) => deliverUpload(url, { name: 'photo.png', generation }),
  },
  '`edit` by a model': {
    target: 'edit',
    signature: 'http',
    environment: { ENGINE: 'imagen', MODEL_BASE_URL: model.url },
    ask: postEdit,
  },
  '`edit` by the embedded engine, in a thread of its own': {
    target: 'edit',
    signature: 'http',
    environment: {},
    ask: postEdit,
  },
} as const;

/** With package.json and node_modules, as Cloud Run functions starts it. */
async function makeBare(folder: string): Promise<string> {
  await mkdir(folder);
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "main": "index.js" }');
  await writeFile(join(folder, 'index.js'), bareFunction);
  return folder;
}

async function postEdit(url: string): Promise<number> {
  const body = new FormData();
  body.set('image', new Blob([image]), 'f');
  body.set('mask', new Blob([mask]), 'f');
  const response = await fetch(url, { method: 'POST', body });
  await response.arrayBuffer();
  return response.status;
}

interface Cost {
  readonly ms: number;
  /** `NaN` where the system does not tell. */
  readonly cpuMs: number;
}

async function coldStart(
  folder: string,
  scenario: (typeof scenarios)[keyof typeof scenarios],
): Promise<Cost> {
  const started = performance.now();
  await using running = await startFunction({
    ...scenario,
    folder,
    environment: { ...scenario.environment, LOG_LEVEL: 'error' },
  });
  const status = await scenario.ask(running.url);
  const cost = { ms: performance.now() - started, cpuMs: usageOf(running.pid)?.cpuMs ?? Number.NaN };
  if (status >= 200 && status < 300) return cost;
  throw new Error(`Expected 2xx of ${folder}, got ${status}: ${running.lines().join('\n')}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const builds = [
  { name: 'bare', folder: await makeBare(join(root, 'bare')) },
  { name: 'deployed', folder: repository },
];
for (const [title, scenario] of Object.entries(scenarios)) {
  const costs = new Map(builds.map(({ name }) => [name, [] as Cost[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, folder } of builds) costs.get(name)?.push(await coldStart(folder, scenario));
  }
  // The first round fills the file cache.
  const timesOf = (name: string, key: keyof Cost) =>
    costs
      .get(name)
      ?.slice(1)
      .map((cost) => cost[key]) ?? [];
  const rows = builds.map(({ name }) => [
    name,
    ...(['ms', 'cpuMs'] as const).flatMap((key) => {
      const bare = timesOf('bare', key);
      const ratios = timesOf(name, key).map((value, round) => value / (bare[round] ?? Number.NaN));
      return [median(timesOf(name, key)).toFixed(0), median(ratios).toFixed(2)];
    }),
  ]);
  console.log(`\n### ${title}\n`);
  console.log(markdownTable(['way', 'ms', 'of bare', 'CPU ms', 'of bare'], rows));
}
