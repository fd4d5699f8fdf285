import type { Batch, BatchClient } from '../../engines/batch/client.ts';
import { batchAnswers } from '../../engines/batch/lines.ts';
import { asEditError, type EditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import type { Log } from '../../log.ts';
import { type ObjectInfo, sinceUpdateMs } from '../../storage/store.ts';
import type { Transfers } from '../../storage/transfers.ts';
import { provesNoCall } from '../claim/claim.ts';
import { batchNames } from '../inputs/names.ts';
import { allBatches, type BatchRecord, type BatchStore, changeBatch, fateIn, setsOf } from './record.ts';

export interface SettleOptions extends BatchStore {
  readonly transfers: Pick<Transfers, 'readRange'>;
  readonly clientFor: (batch: Pick<BatchRecord, 'location'>) => BatchClient;
  /** Nothing is changed: only who waits is looked at. */
  readonly isDryRun: boolean;
  readonly log: Log;
}

/** A sweep takes an hour at most: who began a step this long ago is gone. */
const goneMs = 2 * 3_600_000;
/** A model that took no batch is asked again after this time. */
const refusedMs = 24 * 3_600_000;

export interface Settled {
  /** Models that take no batches. */
  readonly refused: ReadonlySet<string>;
  /** Sets of inputs whose jobs wait for a batch, as `setKey` gives them. */
  readonly waiting: ReadonlySet<string>;
  /** Those whose batch is over since now. */
  readonly over: readonly string[];
}

/**
 * Brings every batch one step on: submits what is ready, and stores the answers of what has ended. May be
 * called at any time, also twice at once. A fault of one batch is logged, and is no reason to leave others.
 */
export async function settleBatches(options: SettleOptions, signal: AbortSignal): Promise<Settled> {
  const refused = new Set<string>();
  const waiting = new Set<string>();
  const over: string[] = [];
  for await (const record of allBatches(options, signal)) {
    const { state, info, model } = options.isDryRun ? record : await settleBatch(record, options, signal);
    if (state === 'REFUSED' && sinceUpdateMs(info) < refusedMs) refused.add(model);
    if (fateIn(record.state) !== 'open') continue;
    for (const set of await waitingFor(record, options, signal)) {
      if (fateIn(state) === 'open') waiting.add(set);
      else over.push(set);
    }
  }
  return { refused, waiting, over };
}

/** Sets of inputs that a batch has; none, and a line in the log, where they cannot be read. */
async function waitingFor(
  record: BatchRecord,
  options: SettleOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return await setsOf(record, options, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    tell('The pictures of a batch could not be read', record, asEditError(thrown), options.log);
    return [];
  }
}

function tell(
  what: string,
  { name, model }: BatchRecord,
  { code, kind, message }: EditError,
  log: Log,
): void {
  const write = kind === 'passing' ? log.warn : log.error;
  write(`${what}: ${message}`, { batch: name, model, code });
}

/** Brings one batch a step on, and returns its record after it. A fault is logged. */
export async function settleBatch(
  record: BatchRecord,
  options: SettleOptions,
  signal: AbortSignal,
): Promise<BatchRecord> {
  try {
    return (await nextStep(record, options, signal)) ?? record;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    tell('A batch could not be settled', record, asEditError(thrown), options.log);
    return record;
  }
}

/** `undefined` where nothing was changed, or another sweep did. */
type Step = Promise<BatchRecord | undefined>;

async function nextStep(record: BatchRecord, options: SettleOptions, signal: AbortSignal): Step {
  const isOld = sinceUpdateMs(record.info) > goneMs;
  switch (record.state) {
    case 'OPEN':
      return isOld ? changeBatch(record, { state: 'UNSENT' }, options, signal) : undefined;
    case 'READY':
      return submit(record, options, signal);
    case 'SENDING':
      return findSent(record, isOld, options, signal);
    case 'SENT':
      return collect(record, options, signal);
    default:
      return undefined;
  }
}

async function submit(record: BatchRecord, options: SettleOptions, signal: AbortSignal): Step {
  const client = options.clientFor(record);
  // An earlier try may have been taken although its answer said otherwise.
  const found = await client.find(record.name, signal);
  const sending = await changeBatch(record, { state: 'SENDING' }, options, signal);
  if (sending === undefined) return undefined;
  const { name, model } = record;
  const bucket = `gs://${options.controlBucket}/`;
  const { lines, folder } = batchNames(name);
  const order = { name, model, source: bucket + lines, target: bucket + folder };
  let batch: Batch;
  try {
    batch = found ?? (await client.submit(order, signal));
  } catch (thrown) {
    const error = asEditError(thrown);
    const isRefused = error.code === 'MODEL_INCOMPATIBLE' || error.kind === 'input';
    const state = isRefused ? 'REFUSED' : 'READY';
    tell('A batch was not submitted', record, error, options.log);
    // Else it may have been taken: the next sweep looks for its name.
    return isRefused || provesNoCall(error) ? changeBatch(sending, { state }, options, signal) : sending;
  }
  options.log.info('Batch submitted', { batch: name, model });
  return changeBatch(sending, { state: 'SENT', id: batch.id }, options, signal);
}

async function findSent(
  record: BatchRecord,
  isOld: boolean,
  options: SettleOptions,
  signal: AbortSignal,
): Step {
  const { name, model } = record;
  const found = await options.clientFor(record).find(name, signal);
  if (found !== undefined) return changeBatch(record, { state: 'SENT', id: found.id }, options, signal);
  if (!isOld) return undefined;
  options.log.warn('A batch is not there: its jobs ask the model themselves', { batch: name, model });
  return changeBatch(record, { state: 'ENDED' }, options, signal);
}

/** Answers are stored at once, each of some MB. */
const storedAtOnce = 4;

async function collect(record: BatchRecord, options: SettleOptions, signal: AbortSignal): Step {
  const { store, controlBucket, log } = options;
  const { name, model, id } = record;
  const batch = await options.clientFor(record).get(id, signal);
  if (batch.state === 'waiting') return undefined;
  const own = batchNames(name);
  const home = `gs://${controlBucket}/`;
  const folder = batch.folder?.startsWith(home + own.folder) ? batch.folder.slice(home.length) : undefined;
  let answers = 0;
  if (folder !== undefined) {
    for await (const file of store.list(controlBucket, { prefix: `${folder}/` }, signal)) {
      if (!file.name.endsWith('.jsonl')) continue;
      const found = batchAnswers(partsOf(file, options, signal));
      const stored = mapOrdered(found, storedAtOnce, async ({ key, answer }) => {
        const object = { bucket: controlBucket, name: own.answer(key) };
        const bytes = Buffer.from(JSON.stringify(answer));
        await store.create(object, bytes, { contentType: 'application/json', signal });
      });
      for await (const _ of stored) answers++;
    }
  }
  const ended = await changeBatch(record, { state: 'ENDED' }, options, signal);
  if (ended === undefined) return undefined;
  const write = batch.state === 'done' ? log.info : log.warn;
  write('Batch ended', { batch: name, model, outcome: batch.state, answers, reason: batch.said });
  return ended;
}

const partBytes = 8 * 1024 * 1024;

/** The bytes of a file of any size. */
async function* partsOf(
  file: ObjectInfo,
  { transfers }: SettleOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.sizeBytes; start += partBytes) {
    const end = Math.min(start + partBytes, file.sizeBytes) - 1;
    const part = await transfers.readRange(file, { start, end }, signal);
    if (part === undefined) return;
    yield part;
  }
}
