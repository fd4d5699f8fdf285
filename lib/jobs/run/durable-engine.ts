import { z } from 'zod';
import {
  budgetKey,
  type InpaintEngine,
  type InpaintReply,
  type InpaintRequest,
} from '../../engines/engine.ts';
import { usageSchema } from '../../engines/usage.ts';
import { asEditError, EditError } from '../../errors.ts';
import { jsonText } from '../../requests/plain-json.ts';
import type { ObjectId, ObjectStore } from '../../storage/store.ts';
import { answerOfBatch } from '../batches/answer.ts';
import type { Budget } from '../claim/budget.ts';
import { type Claim, countCall, provesNoCall, refundCall } from '../claim/claim.ts';
import type { Lease } from '../claim/claim-store.ts';
import { controlNames } from '../inputs/names.ts';
import { budgetSpent } from './budget-spent.ts';

interface DurableOptions {
  readonly store: ObjectStore;
  readonly controlBucket: string;
  readonly job: string;
  readonly claim: Lease;
  readonly budget: Budget;
  /** Throws `ENGINE_BAD_REPLY` for a reply that cannot be used: such a reply is not saved. */
  readonly checkReply: (reply: InpaintReply) => Promise<void>;
  /** False for a saved reply to another crop: an earlier version may have cut it otherwise. */
  readonly isAnswer: (reply: InpaintReply, request: InpaintRequest) => Promise<boolean>;
  /** Throws when the job was cancelled: no further call is made. */
  readonly assertWanted: (signal: AbortSignal) => Promise<void>;
  /** Sees each reply that the work goes on with, a saved one too. */
  readonly onReply?: (key: string, reply: InpaintReply) => void;
}

/** Four candidates of 4096 x 4096 as PNG stay below this. */
const maxReplyBytes = 256 * 1024 * 1024;

/** Leaves most of the time after an abort to the last write of the claim. */
const refundMs = 2000;

/**
 * An engine that counts each call before it is made and saves each reply, so that a job that starts again
 * does not pay again. When two runs made the same call, the reply saved first is the answer to both.
 *
 * @throws {EditError} `BUDGET_SPENT` when the calls of a region are used up; else what the engine throws.
 */
export function durableEngine(engine: InpaintEngine, options: DurableOptions): InpaintEngine {
  const { store, claim, onReply = () => {} } = options;
  return {
    ...engine,
    async inpaint(request, signal) {
      const id = { bucket: options.controlBucket, name: controlNames(options.job).reply(request.key) };
      const key = budgetKey(request.key);
      const [saved] = await Promise.all([readReply(store, id, signal), options.assertWanted(signal)]);
      if (saved !== undefined && (await options.isAnswer(saved, request))) {
        onReply(key, saved);
        return saved;
      }

      const told = await answerOfBatch(
        engine.batch,
        request,
        { ...options, batch: claim.current().batch },
        signal,
      );
      const reply =
        told.reply ?? withWarning(await countedCall(engine, request, options, signal), told.fault);
      onReply(key, reply);
      await options.checkReply(reply);
      const { created } = await store.create(id, packReply(reply), {
        contentType: 'application/octet-stream',
        signal,
      });
      if (created || saved !== undefined) return reply;
      return (await readReply(store, id, signal)) ?? reply;
    },
  };
}

/** One call of the model, counted before it is made. */
async function countedCall(
  engine: InpaintEngine,
  request: InpaintRequest,
  { claim, budget, job }: DurableOptions,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const key = budgetKey(request.key);
  await claim.change((current) => countCall(current, key, budget) ?? spent(key, budget, current), signal);
  return engine.inpaint({ ...request, job }, signal).catch(async (error: unknown) => {
    if (provesNoCall(asEditError(error))) {
      // With a signal of its own: also after an abort the call was not made.
      const refundSignal = AbortSignal.timeout(refundMs);
      await claim.change((current) => refundCall(current, key), refundSignal).catch(() => undefined);
    }
    throw error;
  });
}

const withWarning = (reply: InpaintReply, warning: string | undefined): InpaintReply =>
  warning === undefined ? reply : { ...reply, warnings: [...reply.warnings, warning] };

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

function spent(key: string, { maxModelCalls }: Budget, { lastError }: Claim): never {
  throw budgetSpent(`Expected region ${key} done within ${maxModelCalls} calls of the model`, lastError);
}

const headSchema = z.object({
  outcomes: z.array(
    z.union([
      z.object({ kind: z.literal('image'), mediaType: z.string(), sizeBytes: z.int().min(0) }),
      z.object({ kind: z.enum(['filtered', 'refused', 'unusable']), reason: z.string() }),
    ]),
  ),
  warnings: z.array(z.string()),
  calls: z.int().min(0),
  made: z.int().min(1).exactOptional(),
  usage: usageSchema.exactOptional(),
  safety: z.array(z.object({ of: z.string(), scores: z.record(z.string(), z.number()) })).exactOptional(),
});

const lineFeed = 0x0a;

/**
 * A reply as one file, so that it is saved whole or not at all: a line of JSON, then the bytes of each image
 * in order.
 */
function packReply({ outcomes, ...rest }: InpaintReply): Uint8Array {
  const head = {
    ...rest,
    outcomes: outcomes.map((outcome) =>
      outcome.kind === 'image'
        ? { kind: 'image', mediaType: outcome.image.mediaType, sizeBytes: outcome.image.bytes.length }
        : { kind: outcome.kind, reason: outcome.reason },
    ),
  };
  const images = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image.bytes] : []));
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...images]);
}

/** @throws {EditError} `INTERNAL` when the bytes are no such file. */
function unpackReply(bytes: Uint8Array): InpaintReply {
  const end = bytes.indexOf(lineFeed);
  const line = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
  const head = jsonText.pipe(headSchema).safeParse(line);
  if (!head.success) throw new EditError('INTERNAL', 'Expected a saved reply of a model, got other bytes');
  let at = end + 1;
  const outcomes = head.data.outcomes.map((outcome) => {
    if (outcome.kind !== 'image') return outcome;
    const image = { bytes: bytes.subarray(at, at + outcome.sizeBytes), mediaType: outcome.mediaType };
    at += outcome.sizeBytes;
    return { kind: outcome.kind, image };
  });
  return { ...head.data, outcomes };
}
