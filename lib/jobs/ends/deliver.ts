import { asEditError, EditError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Transfers } from '../../storage/transfers.ts';
import { deliveredName } from '../inputs/names.ts';
import type { JobEnd } from './end.ts';

interface DeliverOptions {
  readonly store: ObjectStore;
  readonly transfers: Pick<Transfers, 'replace'>;
  readonly outputBucket: string;
}

/** Nobody delivers a picture so often at once. */
const maxRounds = 5;

/**
 * Puts the best output of a job at `delivered/` and the name of its picture, in the place of that of an older
 * job: the one whose files were uploaded before, or an earlier round of the same files. Replaces exactly the
 * generation that was looked at, so a slow job never covers a newer one.
 *
 * @returns the name; `undefined` where there is nothing to deliver, or something newer or foreign lies there.
 * @throws {EditError} `DELIVERY_PERMISSION`, or of the store.
 */
export async function deliverEnd(
  end: JobEnd,
  { store, transfers, outputBucket }: DeliverOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [best] = end.outputs;
  if (best === undefined) return undefined;
  const to = { bucket: outputBucket, name: deliveredName(end.image, best.name) };
  const metadata = { job: end.job, uploadedAt: end.uploadedAt, round: String(end.round) };
  for (let round = 0; round < maxRounds; round++) {
    const there = await store.stat(to, signal);
    if (there?.metadata['job'] === end.job) return to.name;
    if (there !== undefined && !isOlder(there, end)) return undefined;
    const from = { ...best, bucket: outputBucket };
    const done = await transfers
      .replace(from, { ...to, generation: there?.generation }, metadata, signal)
      .catch(namePermission);
    if (done) return to.name;
  }
  throw new EditError('BUSY', `Expected to deliver within ${maxRounds} tries`);
}

/** What has no job is not ours: it stays. */
function isOlder({ metadata }: ObjectInfo, { uploadedAt, round }: JobEnd): boolean {
  const [at, than] = [metadata['uploadedAt'], uploadedAt].map((time) => Date.parse(time ?? ''));
  if (at === undefined || than === undefined || metadata['job'] === undefined) return false;
  return at === than ? Number(metadata['round']) < round : at < than;
}

function namePermission(error: unknown): never {
  const { code, message } = asEditError(error);
  if (code !== 'STORAGE_PERMISSION') throw error;
  throw new EditError('DELIVERY_PERMISSION', message, { cause: error });
}
