import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { EditError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { batchNames, batchPrefix } from '../inputs/names.ts';

/**
 * What has become of a batch. Its record `batches/{name}` in the control bucket is an empty object whose
 * custom metadata changes by compare-and-swap, as claims do.
 *
 * ```
 * (none)  -> OPEN     before the first claim points to it
 * OPEN    -> READY    its lines are stored, and none comes to them
 * OPEN    -> UNSENT   it has no line, or the sweep that filled it is gone
 * READY   -> SENDING  before it is submitted, once
 * SENDING -> SENT     it was submitted, as the answer or its name tells
 * SENDING -> READY    the service did not take it, and may take it later
 * SENDING -> REFUSED  the service takes no such batch
 * SENDING -> ENDED    nobody knows whether it was submitted, and there is none of its name
 * SENT    -> ENDED    its answers are stored, each as an object
 * ```
 */
export type BatchState = 'OPEN' | 'READY' | 'SENDING' | 'SENT' | 'ENDED' | 'UNSENT' | 'REFUSED';

export interface BatchRecord {
  readonly info: ObjectInfo;
  readonly name: string;
  readonly state: BatchState;
  readonly model: string;
  readonly location: string;
  /** As the service names it, once it is known. */
  readonly id: string;
}

export interface BatchStore {
  readonly store: ObjectStore;
  readonly controlBucket: string;
}

const schema = z.object({
  state: z.enum(['OPEN', 'READY', 'SENDING', 'SENT', 'ENDED', 'UNSENT', 'REFUSED']),
  model: z.string(),
  location: z.string(),
  id: z.string(),
});

/** @throws {EditError} `INTERNAL` when the metadata of the object is no record. */
function recordOf(info: ObjectInfo): BatchRecord {
  const parsed = schema.safeParse(info.metadata);
  if (parsed.success) return { info, name: info.name.slice(batchPrefix.length), ...parsed.data };
  throw new EditError('INTERNAL', `Expected the record of a batch in ${info.name}, got something else`);
}

export async function openBatch(
  { name, model, location }: Pick<BatchRecord, 'name' | 'model' | 'location'>,
  { store, controlBucket }: BatchStore,
  signal: AbortSignal,
): Promise<BatchRecord> {
  const id = { bucket: controlBucket, name: batchNames(name).record };
  const metadata = { state: 'OPEN', model, location, id: 'none', owner: 'nobody' };
  const options = { contentType: 'application/octet-stream', metadata, signal };
  return recordOf((await store.create(id, new Uint8Array(), options)).info);
}

/** `undefined` when another sweep has changed it. */
export async function changeBatch(
  { info }: BatchRecord,
  to: { readonly state: BatchState; readonly id?: string },
  { store }: BatchStore,
  signal: AbortSignal,
): Promise<BatchRecord | undefined> {
  const owner = randomUUID();
  const swapped = await store.swapMetadata(info, { ...to, owner }, signal);
  if (swapped !== undefined) return recordOf(swapped);
  // The answer to this very swap may have been lost: the nonce tells.
  const seen = await store.stat({ bucket: info.bucket, name: info.name }, signal);
  return seen?.metadata['owner'] === owner ? recordOf(seen) : undefined;
}

export async function* allBatches(
  { store, controlBucket }: BatchStore,
  signal: AbortSignal,
): AsyncGenerator<BatchRecord> {
  for await (const info of store.list(controlBucket, { prefix: batchPrefix }, signal)) yield recordOf(info);
}

/**
 * `open`: its jobs wait for it. `sent`: it is over, and its calls may be billed. `unsent`: it is over, and
 * nothing was asked.
 */
export type BatchFate = 'open' | 'sent' | 'unsent';

const fates: Readonly<Record<BatchState, BatchFate>> = {
  ...{ OPEN: 'open', READY: 'open', SENDING: 'open', SENT: 'open' },
  ...{ ENDED: 'sent', UNSENT: 'unsent', REFUSED: 'unsent' },
};

export const fateIn = (state: BatchState): BatchFate => fates[state];

/** Each some hundred bytes. */
const maxSetsBytes = 64 * 1024 * 1024;

/** The sets of inputs whose calls a batch has, as `setKey` gives them; none before its lines are stored. */
export async function setsOf(
  { name }: Pick<BatchRecord, 'name'>,
  { store, controlBucket }: BatchStore,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const info = await store.stat({ bucket: controlBucket, name: batchNames(name).sets }, signal);
  const bytes = info && (await store.read(info, { maxBytes: maxSetsBytes, signal }));
  return new TextDecoder().decode(bytes).split('\n').filter(Boolean);
}

/** A record that is gone is over. */
export async function fateOf(
  name: string,
  { store, controlBucket }: BatchStore,
  signal: AbortSignal,
): Promise<BatchFate> {
  const info = await store.stat({ bucket: controlBucket, name: batchNames(name).record }, signal);
  return info === undefined ? 'sent' : fateIn(recordOf(info).state);
}
