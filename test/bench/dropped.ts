/**
 * From a dropped file to its published result, without the model: `node test/bench/dropped.ts [pairs]`. A
 * JPEG of 24 megapixels whose mask is there already, buckets that take 30 ms for a read or a listing and 60
 * ms for a write, the deployed function with its jobs in it, a model that answers at once. Cold: the function
 * is started when the picture is there.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmulator, workerStore } from '../support/emulator-world.ts';
import type { FunctionProcess } from '../support/framework-process.ts';
import { deliverUpload } from '../support/upload-event.ts';
import { startDeployed, startInstantModel } from './deployed.ts';
import { editCase } from './edit-inputs.ts';
import { markdownTable } from './markdown.ts';
import { type Cost, usageOf } from './watched.ts';

const megapixels = 24;
const readMs = 30;
const writeMs = 60;
const worker = 'function';
/** Warm edits, and a quarter as many cold starts. */
const pairs = Number(process.argv[2] ?? 20);
/** What is aimed at, at most, ms. */
const aims = { warm: { p50: 700, p95: 1500 }, cold: { p50: 2500, p95: 2500 } };

await using closing = new AsyncDisposableStack();
const storage = closing.use(await openEmulator());
const model = closing.use(await startInstantModel());
const folder = closing.adopt(await mkdtemp(join(tmpdir(), 'dropped-')), (path) =>
  rm(path, { recursive: true }),
);
const files = await editCase(megapixels, 'jpeg', folder);
const [photo, mask] = [await readFile(files.image), await readFile(files.mask)];
const user = workerStore(storage, 'user', 60_000);
const times = Number.POSITIVE_INFINITY;
storage.faults.set([
  {
    ...{ kind: 'notice', at: 1, times, onHit: () => sleep(readMs) },
    match: { worker, operations: ['stat', 'read', 'bucket', 'list'] },
  },
  { kind: 'notice', at: 1, times, onHit: () => sleep(writeMs), match: { worker } },
]);

const start = () =>
  startDeployed({
    target: 'onUpload',
    signature: 'cloudevent',
    environment: {
      ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
      ...{ STORAGE_API_ENDPOINT: storage.workerUrl(worker), ...model.environment },
    },
  });

const cpuOf = ({ pid }: FunctionProcess) => usageOf(pid)?.cpuMs ?? Number.NaN;

/** Drops a pair and waits for its end; the function is started for it unless one is given. */
async function drop(name: string, warm?: FunctionProcess): Promise<Cost> {
  const create = (file: string, bytes: Uint8Array, contentType: string) =>
    user.create({ bucket: 'input', name: file }, bytes, { contentType });
  await create(`${name}.mask.png`, mask, 'image/png');
  const { info } = await create(`${name}.jpg`, photo, 'image/jpeg');
  const started = performance.now();
  const running = warm ?? (await start());
  const before = warm === undefined ? 0 : cpuOf(warm);
  const status = await deliverUpload(running.url, info);
  const cost = { wallMs: performance.now() - started, cpuMs: cpuOf(running) - before };
  const published = running
    .lines()
    .some((line) => line.includes(`"${name}.jpg"`) && line.includes('"published"'));
  if (!published) throw new Error(`Expected a result, got ${status}: ${running.lines().join('\n')}`);
  if (warm === undefined) await running[Symbol.asyncDispose]();
  return cost;
}

const cold: Cost[] = [];
for (let n = 0; n < Math.max(1, pairs / 4); n++) cold.push(await drop(`cold-${n}`));
await using running = await start();
// The first one loads, and the model paints.
await drop('first', running);
const warm: Cost[] = [];
for (let n = 0; n < pairs; n++) warm.push(await drop(`warm-${n}`, running));

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ??
  Number.NaN;
const rows = Object.entries({ warm, cold }).map(([name, costs]) => {
  const [walls, cpus] = [costs.map(({ wallMs }) => wallMs), costs.map(({ cpuMs }) => cpuMs)];
  const { p50, p95 } = aims[name as keyof typeof aims];
  const shown = [percentile(walls, 0.5), p50, percentile(walls, 0.95), p95, percentile(cpus, 0.5)];
  return [name, String(costs.length), ...shown.map((ms) => ms.toFixed(0))];
});
console.log(markdownTable(['function', 'pairs', 'p50, ms', 'aim', 'p95, ms', 'aim', 'CPU p50, ms'], rows));
console.log(`\nPeak memory of the warm function: ${usageOf(running.pid)?.peakMb.toFixed(0)} MB.`);
