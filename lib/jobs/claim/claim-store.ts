import { z } from 'zod';
import { EditError, type ErrorCode } from '../../errors.ts';
import { sinceUpdateMs } from '../../storage/age.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { Budget } from './budget.ts';
import { type Claim, type ClaimDecision, type ClaimObservation, decideClaim } from './claim.ts';

/** A claim this run holds. Changes are made one after the other, each by compare-and-swap. */
export interface HeldClaim {
  readonly current: () => Claim;
  /** Why the claim is not this run's any more; `undefined` while nothing says so. */
  readonly lost: () => EditError | undefined;
  /** @throws {EditError} `BUSY` when another run took the claim over. */
  readonly change: (next: (claim: Claim) => Claim, signal: AbortSignal) => Promise<void>;
}

export type ClaimResult =
  | { readonly kind: 'held'; readonly held: HeldClaim }
  /** To be reported first, then written as it is. */
  | { readonly kind: 'give-up'; readonly claim: Claim; readonly held: HeldClaim }
  | Extract<ClaimDecision, { readonly kind: 'wait' | 'finished' }>;

interface ClaimOptions {
  readonly owner: string;
  readonly budget: Budget;
  /** Facts for people who look at claims; never read back. */
  readonly labels: Readonly<Record<string, string>>;
}

// Each round lost means that another run won one; after a few of those the job is simply busy.
const maxRounds = 4;

/** Tries to take a job. The object is created once and empty; its custom metadata is the claim. */
export async function takeClaim(
  store: ObjectStore,
  id: ObjectId,
  { owner, budget, labels }: ClaimOptions,
  signal: AbortSignal,
): Promise<ClaimResult> {
  const first = decideClaim(undefined, owner, budget);
  if (first.kind !== 'take') return first as never;
  const created = await store.create(id, new Uint8Array(), {
    contentType: 'application/octet-stream',
    metadata: { ...labels, ...claimMetadata(first.claim) },
    signal,
  });
  let info: ObjectInfo | undefined = created.info;
  if (created.created) return { kind: 'held', held: holdClaim(store, info, first.claim) };

  for (let round = 0; round < maxRounds && info !== undefined; round++) {
    const decision = decideClaim(observeClaim(info), owner, budget);
    if (decision.kind === 'held') return { kind: 'held', held: holdClaim(store, info, decision.claim) };
    if (decision.kind === 'give-up') return { ...decision, held: holdClaim(store, info, decision.claim) };
    if (decision.kind !== 'take') return decision;
    const swapped = await store.swapMetadata(info, claimMetadata(decision.claim), signal);
    if (swapped !== undefined) return { kind: 'held', held: holdClaim(store, swapped, decision.claim) };
    // Lost the race, or won it and lost the answer: the nonce tells.
    info = await store.stat(id, signal);
  }
  return { kind: 'wait', code: 'BUSY', retryAfterMs: 1000 };
}

function holdClaim(store: ObjectStore, info: ObjectInfo, claim: Claim): HeldClaim {
  let held = { info, claim };
  let lost: EditError | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function write(next: Claim, signal: AbortSignal): Promise<void> {
    for (let round = 0; round < maxRounds; round++) {
      const swapped = await store.swapMetadata(held.info, claimMetadata(next), signal);
      const seen = swapped ?? (await store.stat(held.info, signal));
      const found = seen === undefined ? undefined : parseClaim(seen);
      if (seen === undefined || found?.owner !== claim.owner) break;
      // Only this run writes its nonce: what carries it is either the write just made or the one before.
      if (sameClaim(found, next)) {
        held = { info: seen, claim: next };
        return;
      }
      held = { info: seen, claim: found };
    }
    lost = new EditError('BUSY', 'Expected to hold the claim, another run took it over');
    throw lost;
  }

  return {
    current: () => held.claim,
    lost: () => lost,
    change: (next, signal) => {
      const done = queue.then(() => write(next(held.claim), signal));
      queue = done.catch(() => undefined);
      return done;
    },
  };
}

export function observeClaim(info: ObjectInfo): ClaimObservation {
  return { claim: parseClaim(info), ageMs: sinceUpdateMs(info) };
}

const none = 'none';

/** Every key has a value always: a metadata patch leaves out nothing that an earlier one set. */
export function claimMetadata(claim: Claim): Record<string, string> {
  const calls = Object.entries(claim.modelCalls).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    state: claim.state,
    owner: claim.owner,
    attempts: String(claim.attempts),
    modelCalls: calls.length === 0 ? none : calls.map(([key, count]) => `${key}=${count}`).join(','),
    waitMs: String(claim.waitMs),
    code: claim.code,
  };
}

const claimSchema = z.object({
  state: z.enum(['RUNNING', 'WAIT', 'DONE', 'FAILED']),
  owner: z.string(),
  attempts: z.coerce.number().int().min(0),
  modelCalls: z.string(),
  waitMs: z.coerce.number().min(0),
  code: z.string(),
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
  return { ...parsed.data, modelCalls, code: parsed.data.code as ErrorCode | 'none' };
}

function sameClaim(a: Claim, b: Claim): boolean {
  const text = (claim: Claim) => JSON.stringify(Object.entries(claimMetadata(claim)).sort());
  return text(a) === text(b);
}
