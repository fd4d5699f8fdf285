import { z } from 'zod';
import { EditError, type ErrorCode } from '../../errors.ts';
import { type ObjectId, type ObjectInfo, type ObjectStore, sinceUpdateMs } from '../../storage/store.ts';
import { fateOf } from '../batches/record.ts';
import { controlNames, imageVersion } from '../inputs/names.ts';
import type { Job } from '../inputs/plan.ts';
import type { Budget } from './budget.ts';
import {
  type Claim,
  type ClaimDecision,
  type ClaimObservation,
  decideClaim,
  firstClaim,
  leaveBatch,
} from './claim.ts';

/**
 * Reads and writes claims. The claim of a job is one empty object `claims/{job}` in the control bucket; its
 * custom metadata is the `Claim`.
 *
 * 1. A run creates the object with the first claim. Cloud Storage lets exactly one creation succeed.
 * 2. Where the object exists, `decideClaim` says what the run may do, and the run writes its new claim on the
 *    condition that the object has not changed since it was read (compare-and-swap by metageneration).
 * 3. An answer may be lost after the write was made. So a run that was refused reads the object again: when
 *    that carries the run's own nonce (`owner`), the write was made.
 * 4. While it holds the job, a run changes its claim in the same way. A foreign nonce means that another run
 *    took over after the lease: then this run has lost the job, and writes no claim any more.
 */

/** The right of this run to work on a job and to change its claim, one change after the other. */
export interface Lease {
  readonly current: () => Claim;
  /** Why this run does not hold the job any more; `undefined` as long as nothing shows that. */
  readonly lost: () => EditError | undefined;
  /** @throws {EditError} `BUSY` when another run took the job over. */
  readonly change: (next: (claim: Claim) => Claim, signal: AbortSignal) => Promise<void>;
}

type ClaimResult =
  | { readonly kind: 'leased'; readonly lease: Lease }
  /** The failure is to be reported, then `claim` to be written. */
  | { readonly kind: 'give-up'; readonly claim: Claim; readonly lease: Lease }
  | Extract<ClaimDecision, { readonly kind: 'wait' | 'finished' | 'batched' }>;

interface ClaimOptions {
  /** The nonce of this run. */
  readonly owner: string;
  readonly budget: Budget;
  /** Facts for people who look at claims; never read back. */
  readonly labels: Readonly<Record<string, string>>;
}

// Each lost round means that another run won one; after a few of them the job is simply busy.
const maxRounds = 4;

/**
 * Creates the claim of a job that failed before any run took it, already FAILED: it remembers whether its end
 * was told. Where there is a claim, that one stays.
 */
export async function keepEnd(
  job: Pick<Job, 'id' | 'inputs'>,
  { code }: EditError,
  { store, controlBucket }: { readonly store: ObjectStore; readonly controlBucket: string },
  signal: AbortSignal,
): Promise<void> {
  const claim: Claim = { ...firstClaim('nobody'), state: 'FAILED', attempts: 0, code, reported: 'no' };
  await store.create({ bucket: controlBucket, name: controlNames(job.id).claim }, new Uint8Array(), {
    contentType: 'application/octet-stream',
    metadata: { imageVersion: imageVersion(job.inputs.image), ...claimMetadata(claim) },
    signal,
  });
}

/** Tries to take a job for this run: steps 1 to 3. */
export async function takeClaim(
  store: ObjectStore,
  id: ObjectId,
  { owner, budget, labels }: ClaimOptions,
  signal: AbortSignal,
): Promise<ClaimResult> {
  const first = firstClaim(owner);
  const { created, info } = await store.create(id, new Uint8Array(), {
    contentType: 'application/octet-stream',
    metadata: { ...labels, ...claimMetadata(first) },
    signal,
  });
  if (created) return { kind: 'leased', lease: leaseOn(store, info, first) };

  let seen: ObjectInfo | undefined = info;
  for (let round = 0; round < maxRounds && seen !== undefined; round++) {
    const decision = await decideOn(seen, { store, owner, budget }, signal);
    if (decision.kind === 'owned') return { kind: 'leased', lease: leaseOn(store, seen, decision.claim) };
    if (decision.kind === 'give-up') return { ...decision, lease: leaseOn(store, seen, decision.claim) };
    if (decision.kind !== 'take') return decision;
    const swapped = await store.swapMetadata(seen, claimMetadata(decision.claim), signal);
    if (swapped !== undefined) return { kind: 'leased', lease: leaseOn(store, swapped, decision.claim) };
    // Another run was faster, or the answer to this very swap was lost: the nonce tells.
    seen = await store.stat(id, signal);
  }
  return { kind: 'wait', code: 'BUSY', retryAfterMs: 1000 };
}

/** Where a batch has the job, the record of the batch tells whether it still does. */
async function decideOn(
  seen: ObjectInfo,
  { store, owner, budget }: Pick<ClaimOptions, 'owner' | 'budget'> & { readonly store: ObjectStore },
  signal: AbortSignal,
): Promise<ClaimDecision> {
  const observed = observeClaim(seen);
  const decision = decideClaim(observed, owner, budget);
  if (decision.kind !== 'batched') return decision;
  const fate = await fateOf(decision.batch.name, { store, controlBucket: seen.bucket }, signal);
  if (fate === 'open') return decision;
  return decideClaim({ ...observed, claim: leaveBatch(observed.claim, fate === 'sent') }, owner, budget);
}

/** Step 4. */
function leaseOn(store: ObjectStore, info: ObjectInfo, claim: Claim): Lease {
  let current = { info, claim };
  let lost: EditError | undefined;
  let lastChange: Promise<unknown> = Promise.resolve();

  async function write(next: Claim, signal: AbortSignal): Promise<void> {
    for (let round = 0; round < maxRounds; round++) {
      const swapped = await store.swapMetadata(current.info, claimMetadata(next), signal);
      const seen = swapped ?? (await store.stat(current.info, signal));
      const found = seen === undefined ? undefined : parseClaim(seen);
      if (seen === undefined || found?.owner !== claim.owner) break;
      current = { info: seen, claim: found };
      // Only this run writes its nonce: the claim is either the one just written or the one before.
      if (isSameClaim(found, next)) return;
    }
    lost = new EditError('BUSY', 'Expected to hold the claim, another run took it over');
    throw lost;
  }

  return {
    current: () => current.claim,
    lost: () => lost,
    change: (next, signal) => {
      const change = lastChange.then(() => write(next(current.claim), signal));
      lastChange = change.catch(() => undefined);
      return change;
    },
  };
}

/** @throws {EditError} `INTERNAL` when the metadata of the object is no claim. */
export function observeClaim(info: ObjectInfo): ClaimObservation {
  return { claim: parseClaim(info), ageMs: sinceUpdateMs(info) };
}

const none = 'none';

/** Every key always has a value: a patch of metadata keeps the keys that it does not name. */
function claimMetadata(claim: Claim): Record<string, string> {
  const calls = Object.entries(claim.modelCalls).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    state: claim.state,
    owner: claim.owner,
    attempts: String(claim.attempts),
    modelCalls: calls.length === 0 ? none : calls.map(([key, count]) => `${key}=${count}`).join(','),
    waitMs: String(claim.waitMs),
    code: claim.code,
    lastCode: claim.lastError?.code ?? none,
    lastMessage: claim.lastError?.message || none,
    reported: claim.reported ?? none,
    // Claims that were never in a batch stay as they were.
    ...(claim.batch && { batch: `${claim.batch.name}/${claim.batch.key}` }),
  };
}

const claimSchema = z.object({
  state: z.enum(['RUNNING', 'WAIT', 'DONE', 'FAILED']),
  owner: z.string(),
  attempts: z.coerce.number().int().min(0),
  modelCalls: z.string(),
  waitMs: z.coerce.number().min(0),
  code: z.string(),
  // Claims of version 0.1 have neither of the following.
  lastCode: z.string().default(none),
  lastMessage: z.string().default(none),
  reported: z.enum([none, 'yes', 'no']).default(none),
  batch: z.string().optional(),
});

function parseClaim(info: ObjectInfo): Claim {
  const parsed = claimSchema.safeParse(info.metadata);
  if (!parsed.success) {
    throw new EditError('INTERNAL', `Expected a claim in the metadata of ${info.name}, got something else`);
  }
  const pairs = parsed.data.modelCalls === none ? [] : parsed.data.modelCalls.split(',');
  const modelCalls = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.lastIndexOf('=');
      return [pair.slice(0, at), Number(pair.slice(at + 1))];
    }),
  );
  const { lastCode, lastMessage, reported, batch: batched, ...claim } = parsed.data;
  const [name, key] = batched?.split('/') ?? [];
  const batch = name === undefined || key === undefined ? undefined : { name, key };
  const lastError = lastCode === none ? undefined : { code: lastCode as ErrorCode, message: lastMessage };
  const code = claim.code as ErrorCode | 'none';
  return { ...claim, modelCalls, code, lastError, batch, reported: reported === none ? undefined : reported };
}

function isSameClaim(a: Claim, b: Claim): boolean {
  const text = (claim: Claim) => JSON.stringify(Object.entries(claimMetadata(claim)).sort());
  return text(a) === text(b);
}
