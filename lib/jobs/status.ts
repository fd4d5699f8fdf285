import { sinceUpdateMs } from '../storage/age.ts';
import type { ObjectInfo, ObjectStore } from '../storage/store.ts';
import { observeClaim } from './claim-store.ts';
import { listAll } from './listing.ts';
import { imageVersion, readName } from './names.ts';
import type { Buckets } from './run.ts';
import { groupByStem, isSettled, setOf, terminalsByImage } from './window.ts';

export interface JobStatus {
  readonly image: string;
  /** `no mask`: nothing to do yet. `pending`: complete, and nobody has begun. */
  readonly state: 'done' | 'failed' | 'running' | 'waiting' | 'pending' | 'no mask';
  /** Since the last sign of life, by the server's clock. */
  readonly ageMs: number;
  readonly attempts: number;
  readonly modelCalls: number;
  /** Why it waits or failed; empty otherwise. */
  readonly code: string;
}

/** What has become of every picture under a prefix, read from the three buckets alone. */
export async function statusOf(
  store: ObjectStore,
  buckets: Buckets,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly JobStatus[]> {
  const list = (bucket: string, under: string) => listAll(store, bucket, under, signal);
  const inputs = await list(buckets.input, prefix);
  const members = groupByStem(inputs);
  const terminals = terminalsByImage(await list(buckets.output, prefix));
  const claims = new Map(
    (await list(buckets.control, 'claims/')).map((info) => [info.metadata['imageVersion'], info]),
  );
  return inputs
    .filter(({ name }) => readName(name)?.role === 'image')
    .map((image) => {
      const claim = claims.get(imageVersion(image));
      const seen = setOf(image, members);
      const ends = terminals.get(image.name) ?? [];
      const end = ends.find((info) => isSettled(seen, [info]));
      return statusFrom({ image, hasMask: seen.mask !== undefined, end, claim });
    });
}

interface Signs {
  readonly image: ObjectInfo;
  readonly hasMask: boolean;
  readonly end: ObjectInfo | undefined;
  readonly claim: ObjectInfo | undefined;
}

function statusFrom({ image, hasMask, end, claim }: Signs): JobStatus {
  const seen = claim === undefined ? undefined : observeClaim(claim);
  const last = end ?? claim ?? image;
  const calls = Object.values(seen?.claim.modelCalls ?? {});
  const { code = 'none' } = seen?.claim ?? {};
  return {
    image: image.name,
    state: stateOf(),
    ageMs: sinceUpdateMs(last),
    attempts: seen?.claim.attempts ?? 0,
    modelCalls: calls.reduce((sum, count) => sum + count, 0),
    code: code === 'none' ? '' : code,
  };

  function stateOf(): JobStatus['state'] {
    if (end !== undefined) return end.name.endsWith('manifest.json') ? 'done' : 'failed';
    if (!hasMask) return 'no mask';
    if (seen?.claim.state === 'RUNNING') return 'running';
    return seen?.claim.state === 'WAIT' ? 'waiting' : 'pending';
  }
}
