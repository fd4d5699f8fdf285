import { setTimeout as sleep } from 'node:timers/promises';
import type { InpaintEngine } from '../../engines/engine.ts';
import { asEditError, EditError } from '../../errors.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { provesNoCall } from '../claim/claim.ts';
import type { CallFacts } from './cost.ts';

export interface CostGuardOptions {
  readonly store: ObjectStore;
  readonly controlBucket: string;
  /** Of the whole deployment, per day in UTC. */
  readonly dailyCapUsd: number;
  /** What one call of the model is taken to cost, USD. */
  readonly priceOf: (call: CallFacts) => number;
  /** Calls that one candidate may take, each billed. */
  readonly triesPerSample?: number;
  readonly now: () => number;
}

/**
 * Each process takes a hundredth of the day's cap at a time and spends it in memory: one object can be
 * written about once a second, and hundreds of processes may share it. What a process took and did not
 * spend is lost for the day: the cap errs on the cheap side.
 */
const shareOfCap = 0.01;

/** Sums are kept in whole millionths: 25 times 0.04 shall be 1. */
const toMicroUsd = (usd: number) => Math.round(usd * 1e6);

const maxRounds = 20;
const roundWaitMs = 50;
const hourMs = 3_600_000;

/**
 * An engine that stops before the day's cost passes the cap. Jobs then wait and keep their budgets. Each
 * call is admitted at the most it may cost; what it did not, and what was not billed, is there for the next.
 *
 * @throws {EditError} `COST_CAP_REACHED`; else what the engine throws.
 */
export function costGuardedEngine(engine: InpaintEngine, options: CostGuardOptions): InpaintEngine {
  let day = '';
  let left = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function admit(price: number, signal: AbortSignal): Promise<void> {
    const today = new Date(options.now()).toISOString().slice(0, 10);
    if (today !== day) {
      day = today;
      left = 0;
    }
    if (left < price) left += await reserve({ day: today, price: price - left }, options, signal);
    left -= price;
  }

  return {
    ...engine,
    async inpaint(request, signal) {
      const { crop: frame, samples } = request;
      const most = samples * (options.triesPerSample ?? 1);
      const priceFor = (pictures: number) => toMicroUsd(options.priceOf({ frame, samples: pictures }));
      const price = priceFor(most);
      // One after the other: two calls must not both see the last of what is left.
      const admitted = queue.then(() => admit(price, signal));
      queue = admitted.catch(() => undefined);
      await admitted.catch((error: unknown) => {
        // Also when the counter is busy or the storage away: the model was not asked.
        throw asEditError(error).withBilling({ calls: 0, mayBeBilled: false });
      });
      const admittedOn = day;
      const giveBack = (unspent: number) => {
        if (day === admittedOn) left += unspent;
      };
      try {
        const reply = await engine.inpaint(request, signal);
        giveBack(price - priceFor(Math.min(most, Math.max(samples, reply.calls))));
        return reply;
      } catch (error) {
        if (provesNoCall(asEditError(error))) giveBack(price);
        throw error;
      }
    },
  };
}

/** Takes a share of the day's cap, at least `price`, by compare-and-swap; in millionths of a dollar. */
async function reserve(
  { day, price }: { readonly day: string; readonly price: number },
  options: CostGuardOptions,
  signal: AbortSignal,
): Promise<number> {
  const { store, controlBucket } = options;
  const cap = toMicroUsd(options.dailyCapUsd);
  const id = { bucket: controlBucket, name: `cost/${day}` };
  for (let round = 0; round < maxRounds; round++) {
    const metadata = { takenMicroUsd: '0' };
    const info =
      (await store.stat(id, signal)) ??
      (
        await store.create(id, new Uint8Array(), {
          contentType: 'application/octet-stream',
          metadata,
          signal,
        })
      ).info;
    const taken = Number(info.metadata['takenMicroUsd']);
    const free = cap - taken;
    if (!(free >= price)) throw capReached(options);
    const share = Math.min(free, Math.max(price, Math.floor(cap * shareOfCap)));
    if (await store.swapMetadata(info, { takenMicroUsd: String(taken + share) }, signal)) return share;
    await sleep(Math.random() * roundWaitMs, undefined, { signal }).catch(() => undefined);
  }
  throw new EditError('BUSY', `Expected to take a share of the cost cap within ${maxRounds} tries`);
}

function capReached({ dailyCapUsd, now }: CostGuardOptions): EditError {
  const dayMs = 24 * hourMs;
  const untilTomorrowMs = dayMs - (now() % dayMs);
  return new EditError(
    'COST_CAP_REACHED',
    `Expected to stay within ${dailyCapUsd} USD a day, the day's share is used`,
    {
      // Looked at again within the hour: the cap may be raised.
      retryAfterMs: Math.min(untilTomorrowMs, hourMs),
    },
  );
}
