import { listAll, type ObjectInfo, type ObjectStore, sinceUpdateMs } from '../storage/store.ts';
import type { Claim } from './claim/claim.ts';
import { observeClaim } from './claim/claim-store.ts';
import { imageVersion, readName, stemOf } from './inputs/names.ts';
import { folderMaskFinder, setFrom } from './inputs/pairing.ts';
import { groupByStem, isSettled, terminalsByImage } from './inputs/window.ts';
import type { Buckets } from './run/run.ts';

export interface JobStatus {
  readonly image: string;
  /** `no mask`: nothing to do yet. `pending`: complete, and no run has begun. */
  readonly state: 'done' | 'failed' | 'running' | 'waiting' | 'pending' | 'no mask';
  /** Since the last write about the picture, by the server's clock. */
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
  /** True where pictures use the mask of their folder. Results of such jobs are found in any case. */
  readonly folderMask?: boolean;
}

/** The state of every picture under a prefix, read from the three buckets alone. */
export async function statusOf(
  { store, buckets, prefix, folderMask = false }: StatusOptions,
  signal?: AbortSignal,
): Promise<readonly JobStatus[]> {
  const list = (bucket: string, under: string) => listAll(store, bucket, under, signal);
  const inputs = await list(buckets.input, withoutExtensions(prefix));
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
      const own = setFrom(image, members.get(stemOf(image.name) ?? '') ?? []);
      const set = own.mask === undefined ? { ...own, mask: await folderMaskOf(image.name, signal) } : own;
      const terminal = terminals
        .get(image.name)
        ?.find((info) => isSettled(set, [info]) || isSettled(own, [info]));
      const hasMask = (folderMask ? set : own).mask !== undefined;
      return statusFrom({ image, hasMask, terminal, claim: claims.get(imageVersion(image)) });
    }),
  );
}

/** `dir/photo.jpg` -> `dir/photo`: the names of picture and mask both begin so. */
function withoutExtensions(prefix: string): string {
  const dot = prefix.indexOf('.', prefix.lastIndexOf('/') + 1);
  return dot === -1 ? prefix : prefix.slice(0, dot);
}

interface PictureObjects {
  readonly image: ObjectInfo;
  readonly hasMask: boolean;
  /** Its manifest or error file. */
  readonly terminal: ObjectInfo | undefined;
  readonly claim: ObjectInfo | undefined;
}

function statusFrom(objects: PictureObjects): JobStatus {
  const claim = objects.claim === undefined ? undefined : observeClaim(objects.claim).claim;
  const calls = Object.values(claim?.modelCalls ?? {});
  const code = claim?.code ?? 'none';
  return {
    image: objects.image.name,
    state: stateOf(objects, claim),
    ageMs: sinceUpdateMs(objects.terminal ?? objects.claim ?? objects.image),
    attempts: claim?.attempts ?? 0,
    modelCalls: calls.reduce((sum, count) => sum + count, 0),
    code: code === 'none' ? '' : code,
  };
}

function stateOf({ terminal, hasMask }: PictureObjects, claim: Claim | undefined): JobStatus['state'] {
  if (terminal !== undefined) return terminal.name.endsWith('manifest.json') ? 'done' : 'failed';
  if (claim?.state === 'RUNNING') return 'running';
  if (claim?.state === 'WAIT') return 'waiting';
  return hasMask ? 'pending' : 'no mask';
}
