import { pause } from '../../abort.ts';
import type { InpaintEngine, InpaintReply } from '../../engines/engine.ts';
import { asEditError, EditError } from '../../errors.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { provesNoCall } from '../claim/claim.ts';
import type { CallFacts } from './cost.ts';

interface CostGuardOptions {
  /** Where the cost of the day is counted for the whole deployment; `undefined`: for this process alone. */
  readonly counter: { readonly store: ObjectStore; readonly controlBucket: string } | undefined;
  /** Most cost of one day of UTC. */
  readonly dailyCapUsd: number;
  readonly now: () => number;
}

/** A call before it is made. */
interface Spending {
  /** Pictures that are asked for. */
  readonly samples: number;
  /** Calls that one of them may need, each billed. */
  readonly triesPerSample: number;
  /** What so many pictures are taken to cost, USD. */
  readonly usdOf: (pictures: number) => number;
}

/**
 * Lets a call be made while the cost of the day stays below the cap.
 *
 * @throws {EditError} `COST_CAP_REACHED`; else what the work throws.
 */
export type CostGuard = <Reply extends Pick<InpaintReply, 'calls' | 'usage'>>(
  spending: Spending,
  work: () => Promise<Reply>,
  signal: AbortSignal,
) => Promise<Reply>;

interface GuardedOptions {
  readonly guard: CostGuard;
  /** The most that one call of the model is taken to cost, USD. */
  readonly priceOf: (call: CallFacts) => number;
  readonly triesPerSample?: number;
}

/**
 * Each process reserves a hundredth of the day's cap at a time and spends it in memory: one object can be
 * written about once a second, and hundreds of processes may share it. What a process reserved and did not
 * spend is lost for the day, so the deployment may stop below the cap, never above.
 */
const shareOfCap = 0.01;

/** Sums are kept in whole millionths of a dollar, so that 25 times 0.04 is 1. */
const toMicroUsd = (usd: number) => Math.round(usd * 1e6);

const maxRounds = 20;
const roundWaitMs = 50;
const hourMs = 3_600_000;

/** An engine that stops before the cost of the day passes the cap. Jobs then wait and keep their budgets. */
export function costGuardedEngine(engine: InpaintEngine, options: GuardedOptions): InpaintEngine {
  const { guard, priceOf, triesPerSample = 1 } = options;
  return {
    ...engine,
    inpaint(request, signal) {
      const { crop: frame, samples } = request;
      const usdOf = (pictures: number) => priceOf({ frame, samples: pictures });
      return guard({ samples, triesPerSample, usdOf }, () => engine.inpaint(request, signal), signal);
    },
  };
}

/**
 * One guard for all calls of this process. Each call is admitted at the most that it may cost; the part that
 * was not billed is free for the next call: by what the service says that it used, else by the calls that
 * were made.
 */
export function costGuard(options: CostGuardOptions): CostGuard {
  const { counter } = options;
  let day = '';
  let left = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function admit(price: number, signal: AbortSignal): Promise<void> {
    const today = new Date(options.now()).toISOString().slice(0, 10);
    if (today !== day) {
      day = today;
      left = counter === undefined ? toMicroUsd(options.dailyCapUsd) : 0;
    }
    if (left < price && counter === undefined) throw capReached(options);
    if (left < price && counter !== undefined)
      left += await reserve({ day: today, price: price - left }, { ...options, ...counter }, signal);
    left -= price;
  }

  return async ({ samples, triesPerSample, usdOf }, work, signal) => {
    const most = samples * triesPerSample;
    const price = toMicroUsd(usdOf(most));
    // One after the other: two calls must not both spend what is left.
    const admitted = queue.then(() => admit(price, signal));
    queue = admitted.catch(() => undefined);
    await admitted.catch((error: unknown) => {
      // Also when the counter is busy or storage is unavailable: the model was not called.
      throw asEditError(error).withBilling({ calls: 0, mayBeBilled: false });
    });
    const admittedOn = day;
    const giveBack = (unspent: number) => {
      if (day === admittedOn) left += unspent;
    };
    try {
      const reply = await work();
      const calls = Math.min(most, Math.max(samples, reply.calls));
      giveBack(price - toMicroUsd(reply.usage?.usd ?? usdOf(calls)));
      return reply;
    } catch (error) {
      if (provesNoCall(asEditError(error))) giveBack(price);
      throw error;
    }
  };
}

/** Reserves a share of the day's cap by compare-and-swap, at least `price`; in millionths of a dollar. */
async function reserve(
  { day, price }: { readonly day: string; readonly price: number },
  options: CostGuardOptions & NonNullable<CostGuardOptions['counter']>,
  signal: AbortSignal,
): Promise<number> {
  const { store, controlBucket } = options;
  const cap = toMicroUsd(options.dailyCapUsd);
  const id = { bucket: controlBucket, name: `cost/${day}` };
  for (let round = 0; round < maxRounds; round++) {
    const first = { contentType: 'application/octet-stream', metadata: { takenMicroUsd: '0' }, signal };
    const info = (await store.stat(id, signal)) ?? (await store.create(id, new Uint8Array(), first)).info;
    const taken = Number(info.metadata['takenMicroUsd']);
    const free = cap - taken;
    if (!(free >= price)) throw capReached(options);
    const share = Math.min(free, Math.max(price, Math.floor(cap * shareOfCap)));
    if (await store.swapMetadata(info, { takenMicroUsd: String(taken + share) }, signal)) return share;
    await pause(Math.random() * roundWaitMs, signal);
  }
  throw new EditError('BUSY', `Expected to take a share of the cost cap within ${maxRounds} tries`);
}

function capReached({ dailyCapUsd, now }: CostGuardOptions): EditError {
  const dayMs = 24 * hourMs;
  const untilTomorrowMs = dayMs - (now() % dayMs);
  const message = `Expected the cost of today within ${dailyCapUsd} USD, got a call that would pass it`;
  // Tried again within the hour: the cap may be raised.
  return new EditError('COST_CAP_REACHED', message, { retryAfterMs: Math.min(untilTomorrowMs, hourMs) });
}
