import { createHash } from 'node:crypto';
import { EditError } from '../errors.ts';
import { canonicalJson } from '../jobs/inputs/identity.ts';
import { type ObjectInfo, type ObjectStore, sinceUpdateMs } from '../storage/store.ts';
import { httpFolder } from './objects.ts';

/**
 * Records of `Idempotency-Key`: one empty object `http-keys/{sha-256 of the key}` in the control bucket. It
 * names the folder of the files, so that whoever goes on after a crash writes the same objects; every write
 * is create-only, so nothing is done twice. The bucket deletes it after 32 days.
 */

/** A request that may go on. */
interface TakenKey {
  readonly kind: 'taken';
  readonly folder: string;
  /** Notes the job that the request became. */
  readonly done: (job: string, signal: AbortSignal) => Promise<void>;
  /** Lets the next request begin at once. */
  readonly release: (signal: AbortSignal) => Promise<void>;
}

type KeyResult = TakenKey | { readonly kind: 'known'; readonly job: string };

interface KeyOptions {
  readonly store: ObjectStore;
  readonly controlBucket: string;
  readonly key: string;
  /** What the request asks for. */
  readonly fingerprint: string;
}

/** A request that was not done for this long is gone; its key is taken over. */
const takeOverMs = 60_000;
const retryAfterMs = 1000;
const none = 'none';

/**
 * Takes a key for a request.
 *
 * @throws {EditError} `IDEMPOTENCY_MISMATCH` for another request with this key, `IDEMPOTENCY_IN_PROGRESS`
 *   while the first one is being received.
 */
export async function takeKey(options: KeyOptions, signal: AbortSignal): Promise<KeyResult> {
  const { store, controlBucket, key, fingerprint } = options;
  const hash = createHash('sha256').update(key).digest('hex');
  const first = { fingerprint, folder: httpFolder(hash.slice(0, 32)), job: none, turn: '1' };
  const id = { bucket: controlBucket, name: `http-keys/${hash}` };
  const contentType = 'application/octet-stream';
  const { created, info } = await store.create(id, new Uint8Array(), {
    contentType,
    metadata: first,
    signal,
  });
  if (created) return taken(store, info);
  const { fingerprint: before, job = none, turn = '0' } = info.metadata;
  if (before !== fingerprint) {
    throw new EditError('IDEMPOTENCY_MISMATCH', 'Expected the request that came with this key, got another');
  }
  if (job !== none) return { kind: 'known', job };
  const isFree = turn === none || sinceUpdateMs(info) >= takeOverMs;
  const next = { turn: String((Number(turn) || 0) + 1) };
  const swapped = isFree ? await store.swapMetadata(info, next, signal) : undefined;
  if (swapped !== undefined) return taken(store, swapped);
  const message = 'Expected the first request with this key to be received, it is under way';
  throw new EditError('IDEMPOTENCY_IN_PROGRESS', message, { retryAfterMs });
}

function taken(store: ObjectStore, info: ObjectInfo): TakenKey {
  const swap = async (metadata: Readonly<Record<string, string>>, signal: AbortSignal) => {
    // Refused only after somebody took the key over, and that request becomes the same job.
    await store.swapMetadata(info, metadata, signal);
  };
  return {
    kind: 'taken',
    folder: info.metadata['folder'] ?? '',
    done: (job, signal) => swap({ job }, signal),
    release: (signal) => swap({ turn: none }, signal),
  };
}

const quoted = /^"(.*)"$/;
const printable = /^[\x20-\x7e]{1,255}$/;

/** @throws {EditError} `IDEMPOTENCY_KEY_INVALID`. */
export function parseKey(header: string): string {
  const key = quoted.exec(header)?.[1] ?? header;
  if (printable.test(key)) return key;
  throw new EditError(
    'IDEMPOTENCY_KEY_INVALID',
    `Expected an Idempotency-Key of 1 to 255 printable ASCII characters, got ${key.length} characters`,
  );
}

/** The same for the same fields and files. */
export const fingerprintOf = (facts: object): string =>
  createHash('sha256').update(canonicalJson(facts)).digest('hex');
