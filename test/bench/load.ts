/**
 * `npm run load -- --pairs 200 --rate 20`: drops pairs of small pictures at a rate into the local system, in this process,
 * and prints throughput, latencies from upload to manifest, peak memory, and storage requests for each job.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startLocalSystem } from '../../deploy/local/system.ts';
import type { Log } from '../../lib/log.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    queue: { type: 'boolean', default: false },
  },
});
const pairs = Number(values.pairs);
const rate = Number(values.rate);

const size = { width: 64, height: 48 };
const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
const mask = await maskPng(boxMask(size, { left: 30, top: 20, width: 6, height: 6 }));

const uploadedAt = new Map<string, number>();
const latenciesMs: number[] = [];
const failures: string[] = [];
const log: Log = {
  info(_message, fields) {
    const { outcome, image } = (fields ?? {}) as { outcome?: string; image?: string };
    if (outcome === 'published' && image !== undefined)
      latenciesMs.push(performance.now() - (uploadedAt.get(image) ?? 0));
  },
  warn: (message) => failures.push(message),
  error: (message) => failures.push(message),
};

const root = await mkdtemp(join(tmpdir(), 'load-'));
const system = await startLocalSystem({ root, port: 0, storagePort: 0, log, hasQueue: values.queue });
// Uploads are counted apart: only what the jobs themselves ask for is of interest.
const store = cloudStorage({ apiEndpoint: system.storage.workerUrl('uploader'), projectId: undefined });
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
const { reads, writes, lists, byObject } = system.storage.requests.snapshot();
await system.close();
await rm(root, { recursive: true });

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

const sorted = latenciesMs.toSorted((a, b) => a - b);
const percentile = (share: number) =>
  `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN)} ms`;
// Each pair is two uploads of one write each.
const perJob = (count: number) => (count / pairs).toFixed(2);
console.log(
  `${latenciesMs.length} of ${pairs} pairs published in ${seconds.toFixed(1)} s, ${(latenciesMs.length / seconds).toFixed(1)} a second`,
);
console.log(`latency: median ${percentile(0.5)}, 90 % ${percentile(0.9)}, 99 % ${percentile(0.99)}`);
console.log(
  `requests for each job: writes ${perJob(writes - 2 * pairs)}, reads ${perJob(reads)}, lists ${perJob(lists)}`,
);
const ofClaims = Object.entries(byObject).filter(([name]) => name.startsWith('control/claims/'));
const onClaim = (kind: 'reads' | 'writes') =>
  perJob(ofClaims.reduce((sum, [, counts]) => sum + counts[kind], 0));
console.log(`of these on its claim: writes ${onClaim('writes')}, reads ${onClaim('reads')}`);
// Of uploads, emulator and functions together; unlike the rate it does not depend on who else uses the machine.
console.log(`processor time for each pair: ${Math.round((cpu.user + cpu.system) / 1000 / pairs)} ms`);
console.log(
  `peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB, of uploads, emulator and functions in one process; warnings ${failures.length}${failures[0] ? `, first: ${failures[0]}` : ''}`,
);
