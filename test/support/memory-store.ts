import { EditError } from '../../lib/errors.ts';
import { isBefore } from '../../lib/jobs/inputs/names.ts';
import { crc32cBase64 } from '../../lib/storage/crc32c.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../lib/storage/store.ts';

/**
 * A fault of one request.
 * - `unavailable`: it fails and does nothing.
 * - `lost`: it is carried out, and its answer is lost.
 * - `repeated`: the same, and it is sent again: the client sees the second answer.
 * - `crash-before`, `crash-after`: the process dies before or after it is carried out.
 */
export type Fault = 'unavailable' | 'lost' | 'repeated' | 'crash-before' | 'crash-after';

/** Thrown into a process that has crashed, at this and every later request. */
export class Crash extends Error {}

interface Entry {
  info: Omit<ObjectInfo, 'serverTimeMs'>;
  bytes: Uint8Array;
}

export interface MemoryBuckets {
  readonly objects: Map<string, Entry>;
  /** The server's clock, ms since the epoch; tests move it forward. */
  nowMs: number;
  generations: number;
}

export const memoryBuckets = (): MemoryBuckets => ({
  objects: new Map(),
  nowMs: Date.UTC(2026, 0, 1),
  generations: 1000,
});

/** Buckets into which these names were uploaded, each with its own name as content. */
export function bucketsWith(...names: readonly string[]): MemoryBuckets {
  const buckets = memoryBuckets();
  for (const name of names) put(buckets, { bucket: 'input', name }, name);
  return buckets;
}

export interface MemoryClient extends ObjectStore {
  /** Every request made, in order, e.g. `create control/claims/1`. */
  readonly requests: readonly string[];
}

const keyOf = ({ bucket, name }: ObjectId) => `${bucket}/${name}`;

/**
 * The buckets as one process sees them. `faultAt` gets each request and its number, from 1; what it throws,
 * the request fails with.
 */
export function memoryClient(
  buckets: MemoryBuckets,
  faultAt: (request: number, what: string) => Fault | undefined = () => undefined,
): MemoryClient {
  const requests: string[] = [];
  let isGone = false;

  async function request<T>(what: string, signal: AbortSignal | undefined, act: () => T): Promise<T> {
    await undefined;
    if (isGone) throw new Crash('the process is gone');
    if (signal?.aborted === true) throw new EditError('CANCELLED', 'The work was cancelled');
    requests.push(what);
    const fault = faultAt(requests.length, what);
    if (fault === 'crash-before' || fault === 'crash-after') {
      if (fault === 'crash-after') act();
      isGone = true;
      throw new Crash(`crash at ${what}`);
    }
    if (fault === 'lost') act();
    if (fault === 'lost' || fault === 'unavailable')
      throw new EditError('STORAGE_UNAVAILABLE', `${fault} at ${what}`);
    if (fault === 'repeated') act();
    return act();
  }

  const stamp = () => new Date(buckets.nowMs).toISOString();
  const infoOf = (entry: Entry | undefined): ObjectInfo | undefined =>
    entry === undefined ? undefined : { ...entry.info, serverTimeMs: buckets.nowMs };
  const find = (id: ObjectId & { readonly generation?: string }) => {
    const entry = buckets.objects.get(keyOf(id));
    return id.generation === undefined || entry?.info.generation === id.generation ? entry : undefined;
  };

  return {
    requests,
    stat: (id, signal) => request(`stat ${keyOf(id)}`, signal, () => infoOf(find(id))),
    read: (id, { maxBytes, signal }) =>
      request(`read ${keyOf(id)}`, signal, () => {
        const bytes = find(id)?.bytes;
        if (bytes !== undefined && bytes.length > maxBytes)
          throw new EditError('IMAGE_TOO_LARGE', 'too large');
        return bytes;
      }),
    create: (id, bytes, { contentType, metadata = {}, signal }) =>
      request(`create ${keyOf(id)}`, signal, () => {
        const existing = infoOf(find(id));
        if (existing !== undefined) return { created: false, info: existing };
        return { created: true, info: put(buckets, id, bytes, { contentType, metadata }) };
      }),
    swapMetadata: (id, metadata, signal) =>
      request(`swap ${keyOf(id)}`, signal, () => {
        const entry = find(id);
        if (entry === undefined || entry.info.metageneration !== id.metageneration) return undefined;
        entry.info = {
          ...entry.info,
          metageneration: String(Number(entry.info.metageneration) + 1),
          metadata: { ...entry.info.metadata, ...metadata },
          updated: stamp(),
        };
        return infoOf(entry);
      }),
    async *list(bucket, { prefix = '', startOffset = '' } = {}, signal) {
      const found = await request(`list ${bucket}/${prefix}`, signal, () =>
        [...buckets.objects.values()]
          .map(({ info }) => info)
          .filter(
            (info) =>
              info.bucket === bucket && info.name.startsWith(prefix) && !isBefore(info.name, startOffset),
          )
          .sort((a, b) => (isBefore(a.name, b.name) ? -1 : 1)),
      );
      for (const info of found) yield { ...info, serverTimeMs: buckets.nowMs };
    },
  };
}

/** An upload of a user: replaces the object of that name. */
export function put(
  buckets: MemoryBuckets,
  id: ObjectId,
  content: Uint8Array | string,
  {
    contentType = 'application/octet-stream',
    metadata = {},
  }: { contentType?: string; metadata?: Readonly<Record<string, string>> } = {},
): ObjectInfo {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const at = new Date(buckets.nowMs).toISOString();
  const info = {
    ...{ bucket: id.bucket, name: id.name, generation: String(++buckets.generations), metageneration: '1' },
    ...{ sizeBytes: bytes.length, crc32c: crc32cBase64(bytes), contentType, metadata },
    ...{ timeCreated: at, updated: at },
  };
  buckets.objects.set(keyOf(id), { info, bytes });
  return { ...info, serverTimeMs: buckets.nowMs };
}
