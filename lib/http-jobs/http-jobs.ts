import { pause } from '../abort.ts';
import { EditError } from '../errors.ts';
import { mapOrdered } from '../in-parallel.ts';
import type { Dispatch } from '../jobs/dispatch.ts';
import { outputNames } from '../jobs/inputs/names.ts';
import { collectInputs, type PairingOptions } from '../jobs/inputs/pairing.ts';
import { type Job, planJob } from '../jobs/inputs/plan.ts';
import { askedAgain, currentRound } from '../jobs/rounds.ts';
import { publishError } from '../jobs/run/publish.ts';
import type { ObjectInfo } from '../storage/store.ts';
import { stateOf } from './job-resource.ts';
import type { JobState } from './job-schema.ts';
import { fingerprintOf, takeKey } from './keys.ts';
import { httpFolder } from './objects.ts';
import { type JobFacts, type ReadOptions, readJob } from './read-job.ts';
import {
  assertOrder,
  type JobOrder,
  orderFacts,
  recordPrefix,
  type SubmitOptions,
  submitJob,
} from './submit.ts';

/** Jobs for those who call: created, read, waited for, listed and cancelled. */
export interface HttpJobs {
  /** @param key of `Idempotency-Key`, parsed. */
  readonly create: (order: JobOrder, key: string | undefined, signal: AbortSignal) => Promise<Created>;
  readonly read: (id: string, signal: AbortSignal) => Promise<JobFacts>;
  /** Reads until the job has ended or `isEnough` says so, at most for this time. */
  readonly wait: (id: string, options: WaitOptions, signal: AbortSignal) => Promise<JobFacts>;
  readonly list: (options: ListOptions, signal: AbortSignal) => Promise<JobPage>;
  /** @throws {EditError} `JOB_ENDED`. */
  readonly cancel: (id: string, signal: AbortSignal) => Promise<JobFacts>;
  /**
   * An output, from 1, an input, or what lies beside the outputs of a job.
   * @throws {EditError} `NOT_FOUND`.
   */
  readonly fileOf: (facts: JobFacts, which: JobFileName, signal: AbortSignal) => Promise<StoredFile>;
  /** A part of such a file. */
  readonly readRange: SubmitOptions['transfers']['readRange'];
  /** All of it. @throws {EditError} `IMAGE_TOO_LARGE`, `NOT_FOUND`. */
  readonly readWhole: (file: StoredFile, signal: AbortSignal) => Promise<Uint8Array>;
  /** The manifest as it was written. */
  readonly manifestOf: (facts: JobFacts, signal: AbortSignal) => Promise<Uint8Array>;
}

/** `found`: the mask that was used where nobody sent it. */
export type JobFileName = number | 'image' | 'mask' | 'found' | 'preview';
export type StoredFile = Pick<
  ObjectInfo,
  'bucket' | 'name' | 'generation' | 'sizeBytes' | 'contentType' | 'crc32c'
>;

interface Created {
  readonly facts: JobFacts;
  /** The job of an earlier request with the same key. */
  readonly isReplay: boolean;
}

interface WaitOptions {
  readonly ms: number;
  readonly isEnough?: (facts: JobFacts) => boolean;
}

interface ListOptions {
  /** Names of pictures begin with it. */
  readonly prefix: string;
  readonly state: JobState | undefined;
  readonly pageSize: number;
  readonly pageToken: string | undefined;
}

interface JobPage {
  readonly jobs: readonly JobFacts[];
  readonly nextPageToken: string | undefined;
}

interface HttpJobsOptions extends SubmitOptions, ReadOptions {
  readonly buckets: ReadOptions['buckets'];
  readonly pairing: PairingOptions;
  /** Puts the job into the queue, or begins it; does not wait for its end. */
  readonly start: Dispatch;
  readonly maxImageBytes: number;
}

const none = () => new EditError('NOT_FOUND', 'Expected the id of a job, got another');
const releaseMs = 2000;
/** Pauses between two looks at a job, ms. */
const firstPauseMs = 150;
const longestPauseMs = 1000;
const readsAtOnce = 8;

export function httpJobs(options: HttpJobsOptions): HttpJobs {
  const read: HttpJobs['read'] = async (id, signal) => {
    const facts = await readJob(id, options, signal);
    if (facts === undefined) throw none();
    return facts;
  };
  return {
    read,
    create: (order, key, signal) => createJob(order, key, { ...options, read }, signal),
    async wait(id, { ms, isEnough = () => false }, signal) {
      const until = performance.now() + ms;
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
        const facts = await read(id, signal);
        const leftMs = until - performance.now();
        if (hasEnded(facts) || isEnough(facts) || leftMs <= 0) return facts;
        await pause(Math.min(pauseMs, leftMs), signal);
      }
    },
    list: (wanted, signal) => listJobs(wanted, options, signal),
    async cancel(id, signal) {
      const facts = await read(id, signal);
      const state = stateOf(facts);
      if (state === 'cancelled') return facts;
      if (hasEnded(facts))
        throw new EditError('JOB_ENDED', `Expected a job under way, got one that ${state}`);
      await cancelJob(facts, options, signal);
      return read(id, signal);
    },
    fileOf: (facts, which, signal) => fileOf(facts, which, options, signal),
    readRange: options.transfers.readRange,
    async readWhole(file, signal) {
      const bytes = await options.store.read(file, { maxBytes: options.maxImageBytes, signal });
      if (bytes === undefined) throw new EditError('NOT_FOUND', 'Expected a file, found it gone');
      return bytes;
    },
    manifestOf: (facts, signal) => readManifest(facts, options, signal),
  };
}

const hasEnded = (facts: JobFacts) => !['pending', 'running', 'waiting'].includes(stateOf(facts));

async function createJob(
  order: JobOrder,
  key: string | undefined,
  options: HttpJobsOptions & Pick<HttpJobs, 'read'>,
  signal: AbortSignal,
): Promise<Created> {
  assertOrder(order, options.plan);
  const { store, buckets, read, start } = options;
  if (key === undefined) {
    const job = await submitJob(order, httpFolder(), options, signal);
    await start(job, signal);
    return { facts: await read(job.id, signal), isReplay: false };
  }
  const fingerprint = fingerprintOf(orderFacts(order));
  const taken = await takeKey({ store, controlBucket: buckets.control, key, fingerprint }, signal);
  if (taken.kind === 'known') return { facts: await read(taken.job, signal), isReplay: true };
  try {
    const job = await submitJob(order, taken.folder, options, signal);
    await start(job, signal);
    await taken.done(job.id, signal);
    return { facts: await read(job.id, signal), isReplay: false };
  } catch (error) {
    // Also after an abort: the next try need not wait.
    await taken.release(AbortSignal.timeout(releaseMs)).catch(() => undefined);
    throw error;
  }
}

async function listJobs(
  { prefix, state, pageSize, pageToken }: ListOptions,
  options: HttpJobsOptions,
  signal: AbortSignal,
): Promise<JobPage> {
  const { store, buckets } = options;
  const from = { prefix: recordPrefix, ...(pageToken && { startOffset: `${recordPrefix}${pageToken}` }) };
  const records: ObjectInfo[] = [];
  let next: string | undefined;
  for await (const info of store.list(buckets.control, { ...from, pageSize: pageSize + 1 }, signal)) {
    if (!(info.metadata['image'] ?? '').startsWith(prefix)) continue;
    if (records.length === pageSize) {
      next = info.name.slice(recordPrefix.length);
      break;
    }
    records.push(info);
  }
  const jobs: JobFacts[] = [];
  const ids = records.map(({ name }) => name.slice(recordPrefix.length));
  for await (const facts of mapOrdered(ids, readsAtOnce, (id) => readJob(id, options, signal)))
    if (facts !== undefined && (state === undefined || stateOf(facts) === state)) jobs.push(facts);
  jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { jobs, nextPageToken: next };
}

/** Writes the error file that ends the job, before a run may do so. */
async function cancelJob(facts: JobFacts, options: HttpJobsOptions, signal: AbortSignal): Promise<void> {
  const { store, buckets } = options;
  const job = await findJob(facts, options, signal);
  if (job === undefined) throw new EditError('JOB_ENDED', 'Expected the files of the job, found newer ones');
  const error = new EditError('CANCELLED_BY_CALLER', 'The job was cancelled on request');
  await publishError(job, error, { store, outputBucket: buckets.output, signal });
}

async function findJob(
  { id, imageName }: JobFacts,
  { store, buckets, pairing, plan }: HttpJobsOptions,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const sets = await collectInputs(store, { bucket: buckets.input, name: imageName }, pairing, signal);
  for (const inputs of sets) {
    const job = await planJob(store, inputs, plan, signal);
    if (job?.id === id) return currentRound(job, askedAgain(store, buckets.control), signal);
  }
  return undefined;
}

const maxManifestBytes = 16 * 1024 * 1024;

async function readManifest(
  { id, imageName, manifest }: JobFacts,
  { store, buckets }: ReadOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  // Beside the outputs: those of a later round have the folder of another job.
  const [first] = manifest?.outputs ?? [];
  const folder = first?.name.replace(/[^/]*$/, '') ?? outputNames(imageName, id).folder;
  const name = `${folder}manifest.json`;
  const info = await store.stat({ bucket: buckets.output, name }, signal);
  const bytes = info && (await store.read(info, { maxBytes: maxManifestBytes, signal }));
  if (bytes === undefined) throw new EditError('NOT_FOUND', 'Expected a job with a manifest, got none yet');
  return bytes;
}

/** Where a manifest has it. */
const fieldOf = { found: 'mask', preview: 'preview' } as const;

async function fileOf(
  facts: JobFacts,
  which: JobFileName,
  { store, buckets }: ReadOptions,
  signal: AbortSignal,
): Promise<StoredFile> {
  const gone = () => new EditError('NOT_FOUND', `Expected file ${which} of this job, got none`);
  if (which !== 'image' && which !== 'mask') {
    const manifest = stateOf(facts) === 'succeeded' ? facts.manifest : undefined;
    const made = typeof which === 'number' ? manifest?.outputs[which - 1] : manifest?.[fieldOf[which]];
    if (made === undefined) throw gone();
    return { ...made, bucket: buckets.output };
  }
  const input = facts.inputs[which];
  const info = input && (await store.stat({ ...input, bucket: buckets.input }, signal));
  if (info === undefined) throw gone();
  return info;
}
