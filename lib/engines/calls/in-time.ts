import { abortError, type Deadline, deadline, pause } from '../../abort.ts';
import { EditError } from '../../errors.ts';
import { asModelError, type MadeCalls, type Sent } from './send.ts';

/** Time as calls need it, injected so that tests never wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts after `ms` with `late`, or with `signal`. */
  deadline(ms: number, late: () => EditError, signal: AbortSignal): Deadline;
}

export interface Patience {
  /** Milliseconds for all tries of one call together. */
  readonly deadlineMs?: number | undefined;
  /** Tries of one call, the first included. */
  readonly maxTries?: number | undefined;
  /** True: a try is sent again also where nobody knows whether it was taken. For calls that cost nothing. */
  readonly repeatsBilled?: boolean | undefined;
  readonly clock?: Clock | undefined;
  /** 0 (included) to 1 (excluded). */
  readonly random?: (() => number) | undefined;
}

export interface Answered<T> {
  readonly value: T;
  /** HTTP calls made, retries included. */
  readonly calls: number;
  /** A sentence for each part of the call that was left out. */
  readonly warnings?: readonly string[];
}

/** Image models answer within a minute; the slowest (4K, 75 steps) took about two. */
const defaultDeadlineMs = 180_000;
/** Google asks for at most two retries in process on shared capacity; then the job goes back to its queue. */
const defaultMaxTries = 3;
/** Google asks for a first pause of at least one second on shared capacity. */
const firstPauseMs = 1000;
/** Longer pauses are left to the queue, which does not hold a worker while it waits. */
const longestPauseMs = 20_000;

const retriedCodes: ReadonlySet<string> = new Set(['MODEL_QUOTA', 'MODEL_UNAVAILABLE']);

export const systemClock: Clock = { now: Date.now, sleep: pause, deadline };

/**
 * Sends a call under a deadline, again where that can help. Every failure is a coded error whose `billing`
 * counts the calls made and tells whether one of them may be billed. A connection that was never made and a
 * call that was answered with an error are not billed.
 *
 * `MODEL_QUOTA` and `MODEL_UNAVAILABLE` are tried again, after `2^n` seconds times 1 to 2, or after the time
 * that the service asks for. A broken connection, a passed deadline and an answer that breaks off are not:
 * the model may have worked.
 *
 * @param call names the model for errors, and sends one try of it.
 */
export async function sendInTime<T>(
  call: { readonly model: string; readonly send: (signal: AbortSignal) => Promise<Sent<T>> },
  patience: Patience,
  signal: AbortSignal,
): Promise<Answered<T>> {
  const { deadlineMs = defaultDeadlineMs, maxTries = defaultMaxTries } = patience;
  const { clock = systemClock, random = Math.random, repeatsBilled = false } = patience;
  const { model } = call;
  const late = () =>
    new EditError('DEADLINE_EXCEEDED', `Expected ${model} to answer within ${deadlineMs} ms`);
  const endMs = clock.now() + deadlineMs;
  const time = clock.deadline(deadlineMs, late, signal);
  let made: MadeCalls = { calls: 0, mayBeBilled: false };
  const send = async () => {
    const sent = await call.send(time.signal);
    made = { calls: made.calls + sent.calls, mayBeBilled: made.mayBeBilled || sent.mayBeBilled };
    return sent;
  };
  try {
    const value = await sendUntilGood(send, { clock, random, maxTries, repeatsBilled, endMs }, time.signal);
    return { value, calls: made.calls };
  } catch (error) {
    // The caller's own coded reason goes back to it as it is.
    if (signal.reason instanceof EditError) throw signal.reason;
    const fault = time.signal.aborted ? stopped(time.signal, model) : asModelError(error, model);
    throw fault.withBilling(made);
  } finally {
    time[Symbol.dispose]();
  }
}

interface RetryPolicy {
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxTries: number;
  readonly repeatsBilled: boolean;
  /** When the deadline passes, milliseconds since the epoch: no pause begins that would outlast it. */
  readonly endMs: number;
}

async function sendUntilGood<T>(
  send: () => Promise<Sent<T>>,
  { clock, random, maxTries, repeatsBilled, endMs }: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const sent = await send();
    if (sent.fault === undefined) return sent.value;
    signal.throwIfAborted();
    const { code, retryAfterMs = 0 } = sent.fault;
    const backOffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1) * (1 + random()));
    const pauseMs = Math.max(retryAfterMs, backOffMs);
    const isWorthWaiting = pauseMs <= longestPauseMs && clock.now() + pauseMs < endMs;
    const mayRepeat = retriedCodes.has(code) && (repeatsBilled || !sent.mayBeBilled);
    if (!mayRepeat || tries >= maxTries || !isWorthWaiting) throw sent.fault;
    await clock.sleep(pauseMs, signal);
  }
}

/** Why the work was stopped: by the deadline, or by the caller without a code. */
function stopped(signal: AbortSignal, model: string): EditError {
  const { code, message, cause } = abortError(signal, `${model} to answer`);
  return new EditError(code, message, { cause, details: { model } });
}
