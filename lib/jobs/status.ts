import { sinceUpdateMs } from '../storage/age.ts';
import type { ObjectInfo, ObjectStore } from '../storage/store.ts';
import { observeClaim } from './claim/claim-store.ts';
import { folderMaskFinder } from './inputs/folder-mask.ts';
import { listAll } from './inputs/listing.ts';
import { imageVersion, readName } from './inputs/names.ts';
import { groupByStem, isSettled, setOf, terminalsByImage } from './inputs/window.ts';
import type { Buckets } from './run/run.ts';

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

interface StatusOptions {
  readonly store: ObjectStore;
  readonly buckets: Buckets;
  /** Only pictures whose name begins so. */
  readonly prefix: string;
  /** The results of folders' masks are found anyhow; this tells whether pictures wait for one. */
  readonly folderMask?: boolean;
}

/** What has become of every picture under a prefix, read from the three buckets alone. */
export async function statusOf(
  { store, buckets, prefix, folderMask = false }: StatusOptions,
  signal?: AbortSignal,
): Promise<readonly JobStatus[]> {
  const list = (bucket: string, under: string) => listAll(store, bucket, under, signal);
  const inputs = await list(buckets.input, beforeEndings(prefix));
  const members = groupByStem(inputs);
  const terminals = terminalsByImage(await list(buckets.output, prefix));
  // A mask that was uploaded again gives the same picture a second claim: the last one written counts.
  const claims = new Map(
    (await list(buckets.control, 'claims/'))
      .sort((a, b) => Date.parse(a.updated) - Date.parse(b.updated))
      .map((info) => [info.metadata['imageVersion'], info]),
  );
  const folderMaskOf = folderMaskFinder(store, buckets.input);
  const images = inputs.filter(({ name }) => name.startsWith(prefix) && readName(name)?.role === 'image');
  return Promise.all(
    images.map(async (image) => {
      const own = setOf(image, members);
      const seen = own.mask === undefined ? { ...own, mask: await folderMaskOf(image.name, signal) } : own;
      const end = terminals
        .get(image.name)
        ?.find((info) => isSettled(seen, [info]) || isSettled(own, [info]));
      const hasMask = (folderMask ? seen : own).mask !== undefined;
      return statusFrom({ image, hasMask, end, claim: claims.get(imageVersion(image)) });
    }),
  );
}

/** `dir/photo.jpg` -> `dir/photo`: the mask of a picture that is named begins so too. */
function beforeEndings(prefix: string): string {
  const dot = prefix.indexOf('.', prefix.lastIndexOf('/') + 1);
  return dot === -1 ? prefix : prefix.slice(0, dot);
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
    if (seen?.claim.state === 'RUNNING') return 'running';
    if (seen?.claim.state === 'WAIT') return 'waiting';
    return hasMask ? 'pending' : 'no mask';
  }
}
