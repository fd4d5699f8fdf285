import type { InpaintEngine, InpaintReply } from '../../engines/engine.ts';
import { asEditError, EditError } from '../../errors.ts';
import type { ObjectId, ObjectStore } from '../../storage/store.ts';
import type { Budget } from '../claim/budget.ts';
import { countCall, provesNoCall, refundCall } from '../claim/claim.ts';
import type { HeldClaim } from '../claim/claim-store.ts';
import { controlNames } from '../inputs/names.ts';
import { packReply, unpackReply } from './reply-file.ts';

interface DurableOptions {
  readonly store: ObjectStore;
  readonly controlBucket: string;
  readonly job: string;
  readonly claim: HeldClaim;
  readonly budget: Budget;
  /** Throws `ENGINE_BAD_REPLY` for a reply that cannot be used: such a one is not kept. */
  readonly checkReply: (reply: InpaintReply) => Promise<void>;
}

/** Four candidates of 4096 x 4096 as PNG stay below this. */
const maxReplyBytes = 256 * 1024 * 1024;

/** Leaves the better part of a farewell to the claim's last write. */
const refundMs = 2000;

/**
 * An engine whose every call is counted before it is made and whose every reply is kept, so that a job
 * that starts again does not pay again. Of two replies to one call the first one saved is the answer.
 *
 * @throws {EditError} `BUDGET_SPENT` when a region's calls are used up; else what the engine throws.
 */
export function durableEngine(engine: InpaintEngine, options: DurableOptions): InpaintEngine {
  const { store, claim, budget } = options;
  return {
    ...engine,
    async inpaint(request, signal) {
      const { key } = request;
      const id = { bucket: options.controlBucket, name: controlNames(options.job).reply(key) };
      const kept = await readReply(store, id, signal);
      if (kept !== undefined) return kept;

      await claim.change((current) => countCall(current, key, budget) ?? spent(key, budget), signal);
      const reply = await engine.inpaint(request, signal).catch(async (error: unknown) => {
        if (provesNoCall(asEditError(error))) {
          // Also after an abort: the call was not made all the same.
          const farewell = AbortSignal.timeout(refundMs);
          await claim.change((current) => refundCall(current, key), farewell).catch(() => undefined);
        }
        throw error;
      });
      await options.checkReply(reply);
      const { created } = await store.create(id, packReply(reply), {
        contentType: 'application/octet-stream',
        signal,
      });
      return created ? reply : ((await readReply(store, id, signal)) ?? reply);
    },
  };
}

async function readReply(
  store: ObjectStore,
  id: ObjectId,
  signal: AbortSignal,
): Promise<InpaintReply | undefined> {
  const info = await store.stat(id, signal);
  if (info === undefined) return undefined;
  const bytes = await store.read(info, { maxBytes: maxReplyBytes, signal });
  return bytes === undefined ? undefined : unpackReply(bytes);
}

function spent(key: string, { maxModelCalls }: Budget): never {
  throw new EditError(
    'BUDGET_SPENT',
    `Expected region ${key} done within ${maxModelCalls} calls of the model`,
  );
}
