import { type RetryOptions, retryPassing } from '../../../lib/abort.ts';
import { EditError } from '../../../lib/errors.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../../lib/storage/store.ts';
import { memoryClient } from '../../support/memory-store.ts';
import { sawCreate, sawSwap } from '../audit.ts';
import { ask, machine } from '../machine.ts';

/** As of the real client: the tries lie far below the deadline of a job. */
const retry: RetryOptions = {
  attemptTimeoutMs: 60_000,
  backoffMs: [250, 1000, 4000, 8000],
  lateCode: 'STORAGE_UNAVAILABLE',
};
/** Pages are short: so also a short listing may be no snapshot. */
const mostOfPage = 4;

export const keyOf = ({ bucket, name }: ObjectId): string => `${bucket}/${name}`;

/** In the place of `lib/storage/gcs.ts`: the simulated buckets, with the retries of the real client. */
export function cloudStorage(): ObjectStore {
  const client = memoryClient(machine().buckets);
  const call = <T>(what: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> =>
    retryPassing(() => ask('storage', what, () => onServer(act)), retry, signal);
  const stat: ObjectStore['stat'] = (id, signal) =>
    call(`stat ${keyOf(id)}`, signal, async () => told(await client.stat(id)));
  return {
    stat,
    read: (id, { maxBytes, signal }) =>
      call(`read ${keyOf(id)}`, signal, () => client.read(id, { maxBytes })),
    async create(id, bytes, { signal, ...facts }) {
      const made = await call(`create ${keyOf(id)}`, signal, async () => {
        const { created, info } = await client.create(id, bytes, facts);
        if (created) sawCreate(info, bytes);
        return created ? told(info) : undefined;
      });
      if (made !== undefined) return { created: true, info: made };
      const existing = await stat(id, signal);
      if (existing !== undefined) return { created: false, info: existing };
      throw new EditError('STORAGE_PERMISSION', `Expected to create ${keyOf(id)}, was refused`);
    },
    swapMetadata: (id, metadata, signal) =>
      call(`swap ${keyOf(id)}`, signal, async () => {
        const before = await client.stat(id);
        const info = await client.swapMetadata(id, metadata);
        if (info !== undefined && before !== undefined) sawSwap(before, info);
        return told(info);
      }),
    async *list(bucket, { prefix = '', startOffset = '' } = {}, signal) {
      let from: string | undefined = startOffset;
      while (from !== undefined) {
        const start: string = from;
        const size = 1 + machine().draw.below(mostOfPage);
        const page = await call(`list ${bucket}/${prefix} from ${start}`, signal, async () => {
          const infos: ObjectInfo[] = [];
          for await (const info of client.list(bucket, { prefix, startOffset: start })) infos.push(info);
          return infos.slice(0, size).flatMap((info) => told(info) ?? []);
        });
        yield* page;
        // Between two pages the bucket may change: a listing is no snapshot.
        from = page.length < size ? undefined : `${page.at(-1)?.name}\u0001`;
      }
    },
  };
}

/** The clock of the server is that of the simulation. */
function onServer<T>(act: () => Promise<T>): Promise<T> {
  machine().buckets.nowMs = machine().nowMs;
  return act();
}

/** HTTP dates have whole seconds. */
const told = (info: ObjectInfo | undefined): ObjectInfo | undefined =>
  info && { ...info, serverTimeMs: Math.floor(info.serverTimeMs / 1000) * 1000 };
