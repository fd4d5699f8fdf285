/**
 * `npm run load -- --http --requests 1000 --clients 16`: edits and jobs of small pictures by many clients at
 * once, and prints percentiles, answers of 429, memory over time, and what is left of clients that went
 * away. The functions run as they are deployed; a model is none, as the embedded engine edits.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mapOrdered } from '../../lib/in-parallel.ts';
import { startFaultyStorage } from '../support/faulty-storage.ts';
import type { FunctionProcess } from '../support/framework-process.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { startDeployed } from './deployed.ts';
import { markdownTable } from './markdown.ts';
import { usageOf } from './watched.ts';

interface HttpLoad {
  readonly requests: number;
  /** Clients at once. */
  readonly clients: number;
}

const size = { width: 64, height: 48 };
/** Every client of this number goes away while it waits. */
const leavesEvery = 20;
const leaveMs = 30;
/** Looks at memory over the whole run. */
const looks = 10;

type Kind = 'edit' | 'job';

export async function loadHttp({ requests, clients }: HttpLoad): Promise<void> {
  await using closing = new AsyncDisposableStack();
  const root = closing.adopt(await mkdtemp(join(tmpdir(), 'load-http-')), (path) =>
    rm(path, { recursive: true }),
  );
  const buckets = ['input', 'output', 'control'];
  const options = { root: join(root, 'buckets'), buckets, watch: false };
  const storage = closing.adopt(await startFaultyStorage(options), (emulator) => emulator.close());
  const environment = {
    ...{ INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' },
    ...{ STORAGE_API_ENDPOINT: storage.url, STUDIO: 'on', LOG_LEVEL: 'error' },
    // More edits than cores only make each slower: so some clients meet 429.
    MAX_CONCURRENT_EDITS: String(availableParallelism()),
  };
  const edit = closing.use(await startDeployed({ target: 'edit', environment }));
  const studio = closing.use(await startDeployed({ target: 'studio', environment }));
  const work = { edit, studio, body: await bodyOf() };
  const times: Record<Kind, number[]> = { edit: [], job: [] };
  const memory: (readonly [edit: number, studio: number])[] = [];
  const statuses = new Map<string, number>();
  const count = (what: string) => statuses.set(what, (statuses.get(what) ?? 0) + 1);
  const numbers = Array.from({ length: requests }, (_, n) => n);
  const results = mapOrdered(numbers, clients, async (n) => {
    const kind = n % 2 === 0 ? 'edit' : 'job';
    if (n % leavesEvery === leavesEvery - 1) return leave(kind, work);
    const started = performance.now();
    await untilDone(kind, work, count);
    times[kind].push(performance.now() - started);
  });
  let done = 0;
  for await (const _ of results)
    if (++done % Math.max(1, Math.floor(requests / looks)) === 0) memory.push([rssMb(edit), rssMb(studio)]);
  print({ times, memory, statuses, functions: [edit, studio] });
}

interface Work {
  readonly edit: FunctionProcess;
  readonly studio: FunctionProcess;
  readonly body: string;
}

async function bodyOf(): Promise<string> {
  const photo = await pipelineOf(wavePicture(size)).png().toBuffer();
  const mask = await maskPng(boxMask(size, { left: 30, top: 20, width: 6, height: 6 }));
  const base64 = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });
  return JSON.stringify({ image: base64(photo), mask: base64(mask) });
}

function send(kind: Kind, { edit, studio, body }: Work, signal?: AbortSignal): Promise<Response> {
  const url = kind === 'edit' ? `${edit.url}/` : `${studio.url}/jobs`;
  const headers = { 'content-type': 'application/json', prefer: 'wait=60' };
  return fetch(url, { method: 'POST', headers, body, ...(signal && { signal }) });
}

/** As a program should: after 429 it waits and asks again. */
async function untilDone(kind: Kind, work: Work, count: (what: string) => void): Promise<void> {
  for (;;) {
    const response = await send(kind, work);
    const text = await response.text();
    count(`${kind} ${response.status}`);
    if (response.status === 429) await sleep(Number(response.headers.get('retry-after') ?? 1) * 1000);
    else {
      if (kind === 'job' && response.status === 200) count(`job ${JSON.parse(text).state}`);
      return;
    }
  }
}

const leave = (kind: Kind, work: Work) =>
  send(kind, work, AbortSignal.timeout(leaveMs)).then(
    (response) =>
      response.arrayBuffer().then(
        () => {},
        () => {},
      ),
    () => {},
  );

function rssMb({ pid }: FunctionProcess): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 1024);
}

interface Seen {
  readonly times: Readonly<Record<Kind, readonly number[]>>;
  readonly memory: readonly (readonly [number, number])[];
  readonly statuses: ReadonlyMap<string, number>;
  readonly functions: readonly FunctionProcess[];
}

function print({ times, memory, statuses, functions }: Seen): void {
  const rows = Object.entries(times).map(([kind, all]) => {
    const sorted = all.toSorted((a, b) => a - b);
    const at = (share: number) => `${Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? NaN)} ms`;
    return [kind, String(all.length), at(0.5), at(0.95), at(0.99), at(1)];
  });
  console.log(markdownTable(['', 'answered', '50 %', '95 %', '99 %', 'longest'], rows));
  console.log(`answers: ${[...statuses].map(([what, count]) => `${count} x ${what}`).join(', ')}`);
  console.log(`memory of edit, MB over time: ${memory.map(([mb]) => mb).join(' ')}`);
  console.log(`memory of studio, MB over time: ${memory.map(([, mb]) => mb).join(' ')}`);
  for (const { target, pid } of functions) {
    const { cpuMs = NaN, peakMb = NaN } = usageOf(pid) ?? {};
    console.log(`${target}: ${Math.round(cpuMs / 1000)} s of processor time, peak ${Math.round(peakMb)} MB`);
  }
}
