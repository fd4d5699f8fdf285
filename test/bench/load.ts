/**
 * `npm run load -- --pairs 1000 --rate 100`: drops pairs of small pictures at a rate, and prints throughput,
 * latencies from upload to manifest, storage requests for each job, and what the processes took. The
 * functions run as they are deployed: built, each in a process of its own under the framework's own command;
 * storage, queue and uploads are in this one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startQueueEmulator } from '../../deploy/local/queue/emulator.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { commandLine } from '../support/command.ts';
import { startFaultyStorage } from '../support/faulty-storage.ts';
import type { FunctionProcess } from '../support/framework-process.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { startDeployed } from './deployed.ts';
import { markdownTable } from './markdown.ts';
import { usageOf } from './watched.ts';

const { values } = commandLine(
  'npm run load -- [--pairs N] [--rate PER_SECOND] [--queue] | --http [--requests N] [--clients N]',
  {
    options: {
      pairs: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '100' },
      queue: { type: 'boolean', default: false },
      http: { type: 'boolean', default: false },
      requests: { type: 'string', default: '1000' },
      clients: { type: 'string', default: '16' },
    },
  },
);
if (values.http) {
  const { loadHttp } = await import('./load-http.ts');
  await loadHttp({ requests: Number(values.requests), clients: Number(values.clients) });
  process.exit();
}
const pairs = Number(values.pairs);
const rate = Number(values.rate);

const size = { width: 64, height: 48 };
const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
const mask = await maskPng(boxMask(size, { left: 30, top: 20, width: 6, height: 6 }));

await using closing = new AsyncDisposableStack();
const root = closing.adopt(await mkdtemp(join(tmpdir(), 'load-')), (path) => rm(path, { recursive: true }));
/** As many jobs at once as cores: more would only make each slower. */
const jobsAtOnce = availableParallelism();
const storage = closing.adopt(
  await startFaultyStorage({
    root: join(root, 'buckets'),
    buckets: ['input', 'output', 'control'],
    delivery: { maxInFlight: jobsAtOnce },
    // Nobody puts files in by hand.
    watch: false,
  }),
  (emulator) => emulator.close(),
);

const uploadedAt = new Map<string, number>();
const latenciesMs: number[] = [];
const troubles: string[] = [];
const workers: FunctionProcess[] = [];
const environment: Record<string, string> = {
  INPUT_BUCKET: 'input',
  OUTPUT_BUCKET: 'output',
  CONTROL_BUCKET: 'control',
  STORAGE_API_ENDPOINT: storage.url,
};
if (values.queue) Object.assign(environment, await queued());
const { url } = await work('onUpload', 'cloudevent');
storage.events.subscribe('input', url);

const store = cloudStorage({ apiEndpoint: storage.workerUrl('uploader'), projectId: undefined });
const started = performance.now();
const cpuBefore = process.cpuUsage();
for (let n = 0; n < pairs; n++) {
  const name = `photo-${String(n).padStart(5, '0')}`;
  await sleep(Math.max(0, started + (n * 1000) / rate - performance.now()));
  const create = (file: string, bytes: Uint8Array) =>
    store.create({ bucket: 'input', name: file }, bytes, { contentType: 'image/png' });
  await create(`${name}.mask.png`, mask);
  uploadedAt.set(`${name}.png`, performance.now());
  await create(`${name}.png`, photo);
}
await untilPublishedOrStuck();
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const { reads, writes, lists, byObject } = storage.requests.snapshot();

const sorted = latenciesMs.toSorted((a, b) => a - b);
const percentile = (share: number) =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
const perJob = (count: number) => (count / pairs).toFixed(2);
const ofClaims = Object.entries(byObject).filter(([name]) => name.startsWith('control/claims/'));
const onClaim = (kind: 'reads' | 'writes') =>
  perJob(ofClaims.reduce((sum, [, counts]) => sum + counts[kind], 0));
// Unlike the rate, processor time hardly depends on who else uses the machine.
const usage = (name: string, cpuMs: number, peakMb: number) => [
  `${name}: processor time a pair, peak memory`,
  `${Math.round(cpuMs / pairs)} ms, ${Math.round(peakMb)} MB`,
];
const rows = [
  ['published', `${latenciesMs.length} of ${pairs}`],
  ['a second', (latenciesMs.length / seconds).toFixed(1)],
  ['from upload to manifest: 50, 90, 99 %', `${[0.5, 0.9, 0.99].map(percentile).join(', ')} ms`],
  // Each pair is two uploads of one write each.
  ['writes, reads, listings of a job', [writes - 2 * pairs, reads, lists].map(perJob).join(', ')],
  ['writes and reads of its claim', [onClaim('writes'), onClaim('reads')].join(', ')],
  ...workers.map(({ target, pid }) => {
    const { cpuMs = Number.NaN, peakMb = Number.NaN } = usageOf(pid) ?? {};
    return usage(target, cpuMs, peakMb);
  }),
  usage('storage and uploads', (cpu.user + cpu.system) / 1000, process.resourceUsage().maxRSS / 1024),
  ['warnings and errors', `${troubles.length}${troubles[0] ? `, first: ${troubles[0]}` : ''}`],
];
console.log(markdownTable([`pairs of small pictures, ${rate} a second`, ''], rows));

async function work(target: string, signature: 'http' | 'cloudevent'): Promise<FunctionProcess> {
  const worker = await startDeployed({ target, signature, environment, onLine: note });
  workers.push(worker);
  return closing.use(worker);
}

/** The stand-in of Cloud Tasks and the function it calls -> the settings that make `onUpload` use them. */
async function queued(): Promise<Record<string, string>> {
  const name = 'projects/local/locations/local/queues/jobs';
  const queue = await startQueueEmulator({
    ...{ root, name },
    limits: { maxConcurrentDispatches: jobsAtOnce },
  });
  closing.defer(() => queue.close());
  const { url } = await work('runJob', 'http');
  return { TASKS_QUEUE: name, TASKS_API_ENDPOINT: queue.url, RUN_JOB_URL: `${url}/runJob` };
}

/** One line of the log of a function. */
function note(line: string): void {
  const { severity, message, outcome, image } = JSON.parse(line) as Partial<Record<string, string>>;
  if (severity !== 'INFO') troubles.push(message ?? line);
  if (outcome === 'published' && image !== undefined)
    latenciesMs.push(performance.now() - (uploadedAt.get(image) ?? Number.NaN));
}

/** A busy machine may take its time; one that has published nothing for so long is stuck. */
async function untilPublishedOrStuck(): Promise<void> {
  const patienceMs = 120_000;
  let seen = 0;
  let changedAt = performance.now();
  while (latenciesMs.length < pairs && performance.now() - changedAt < patienceMs) {
    if (latenciesMs.length !== seen) changedAt = performance.now();
    seen = latenciesMs.length;
    await sleep(50);
  }
}
