import { abortError, type Deadline, deadline, pause } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import { type Authorize, applicationDefaultCredentials } from './credentials.ts';
import {
  asModelError,
  type MadeCalls,
  type Sent,
  sendOnce,
  type Transport,
  type VertexCall,
} from './send.ts';
import { modelHost } from './url.ts';

/** Time as this file needs it, injected so that tests never wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts after `ms` with `late`, or with `signal`. */
  deadline(ms: number, late: EditError, signal: AbortSignal): Deadline;
}

export interface VertexOptions {
  readonly project: string;
  readonly location: string;
  /** Replaces the Google host; plain http on loopback needs no credentials. */
  readonly baseUrl?: string | undefined;
  /** Milliseconds for all tries of one post together. */
  readonly deadlineMs?: number | undefined;
  /** Tries of one post, the first included. */
  readonly maxTries?: number | undefined;
  readonly maxReplyBytes?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
  /** 0 (included) to 1 (excluded). */
  readonly random?: (() => number) | undefined;
  /** Application Default Credentials when `undefined`. */
  readonly authorize?: Authorize | undefined;
}

interface VertexAnswer {
  /** The parsed JSON, not yet checked. */
  readonly value: unknown;
  /** HTTP calls made, retries included. */
  readonly calls: number;
}

/** One authenticated POST to a model, retried where that can help. */
export type VertexPost = (call: VertexCall, signal: AbortSignal) => Promise<VertexAnswer>;

/** Image models answer within a minute; the slowest (4K, 75 steps) took about two. */
const defaultDeadlineMs = 180_000;
/** Google asks for at most two retries in process on shared capacity; then the job goes back to its queue. */
const defaultMaxTries = 3;
/** A 4096 x 4096 PNG that does not compress is 50 MB, 67 MB as base64; drafts may come along. */
const defaultMaxReplyBytes = 160 * 1024 * 1024;
/** Google asks for a first pause of at least one second on shared capacity. */
const firstPauseMs = 1000;
/** Longer pauses are left to the queue, which does not hold a worker while it waits. */
const longestPauseMs = 20_000;

const retriedCodes: ReadonlySet<string> = new Set(['MODEL_QUOTA', 'MODEL_UNAVAILABLE']);

const systemClock: Clock = { now: Date.now, sleep: pause, deadline };
const noCredentials: Authorize = async () => new Headers();

/**
 * The one way to a model API: authentication, deadline, retry with jitter, bounded reply. Every failure is a
 * coded error whose `billing` counts the calls made and tells whether one of them may be billed. A connection
 * that was never made and a call that was answered with an error are not billed.
 *
 * 408, 429, 5xx and connection faults before an answer are retried, after `2^n` seconds times 1 to 2, or
 * after `Retry-After`. A passed deadline and an answer that breaks off are not retried: the model has worked.
 *
 * @throws {EditError} `CONFIG_INVALID` at once for a base URL or location that cannot be used.
 */
export function vertexPost(options: VertexOptions): VertexPost {
  const { deadlineMs = defaultDeadlineMs, maxTries = defaultMaxTries } = options;
  const { clock = systemClock, random = Math.random } = options;
  const transport = transportOf(options, clock);
  return async (call, signal) => {
    const late = new EditError(
      'DEADLINE_EXCEEDED',
      `Expected ${call.model} to answer within ${deadlineMs} ms`,
    );
    const endMs = clock.now() + deadlineMs;
    const time = clock.deadline(deadlineMs, late, signal);
    const body = JSON.stringify(call.body);
    let made: MadeCalls = { calls: 0, mayBeBilled: false };
    const send = async () => {
      const sent = await sendOnce({ ...call, body }, transport, time.signal);
      made = { calls: made.calls + sent.calls, mayBeBilled: made.mayBeBilled || sent.mayBeBilled };
      return sent;
    };
    try {
      const value = await sendUntilGood(send, { clock, random, maxTries, endMs }, time.signal);
      return { value, calls: made.calls };
    } catch (error) {
      // The caller's own coded reason goes back to it as it is.
      if (signal.reason instanceof EditError) throw signal.reason;
      const fault = time.signal.aborted ? stopped(time.signal, call.model) : asModelError(error, call.model);
      throw fault.withBilling(made);
    } finally {
      time[Symbol.dispose]();
    }
  };
}

interface RetryPolicy {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxTries: number;
  /** When the deadline passes, milliseconds since the epoch: no pause begins that would outlast it. */
  readonly endMs: number;
}

async function sendUntilGood(
  send: () => Promise<Sent>,
  { clock, random, maxTries, endMs }: RetryPolicy,
  signal: AbortSignal,
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const sent = await send();
    if (sent.fault === undefined) return sent.value;
    signal.throwIfAborted();
    const { code, retryAfterMs = 0 } = sent.fault;
    const backOffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1) * (1 + random()));
    const pauseMs = Math.max(retryAfterMs, backOffMs);
    const isWorthWaiting = pauseMs <= longestPauseMs && clock.now() + pauseMs < endMs;
    if (!retriedCodes.has(code) || tries >= maxTries || !isWorthWaiting) throw sent.fault;
    await clock.sleep(pauseMs, signal);
  }
}

/** Why the work was stopped: by the deadline, or by the caller without a code. */
function stopped(signal: AbortSignal, model: string): EditError {
  const { code, message, cause } = abortError(signal, `${model} to answer`);
  return new EditError(code, message, { cause, details: { model } });
}

function transportOf(options: VertexOptions, clock: Clock): Transport {
  const { project, location, maxReplyBytes = defaultMaxReplyBytes } = options;
  const { origin, needsToken } = modelHost(location, options.baseUrl);
  return {
    prefix: `${origin}/v1/projects/${encodeURIComponent(project)}/locations/${location}/`,
    location,
    authorize: needsToken ? (options.authorize ?? applicationDefaultCredentials()) : noCredentials,
    fetch: options.fetch ?? fetch,
    maxReplyBytes,
    now: clock.now,
  };
}
