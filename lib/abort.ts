import { setTimeout as sleep } from 'node:timers/promises';
import { EditError, type ErrorCode } from './errors.ts';

/**
 * Why an aborted signal stops the work, as an error with a code: the reason itself when it has one,
 * `DEADLINE_EXCEEDED` after `AbortSignal.timeout`, else `CANCELLED`.
 *
 * @param expected what was to happen, e.g. `the picture to be filled`.
 */
export function abortError({ reason }: AbortSignal, expected = 'the work to end'): EditError {
  if (reason instanceof EditError) return reason;
  const isLate = reason instanceof Error && reason.name === 'TimeoutError';
  return isLate
    ? new EditError('DEADLINE_EXCEEDED', `Expected ${expected} in time, got the deadline`, { cause: reason })
    : new EditError('CANCELLED', `Expected ${expected}, got a cancellation`, { cause: reason });
}

/** A signal that aborts after `ms`, or with another signal. Dispose of it when the work ends. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A deadline whose timer ends with the work. The timer of `AbortSignal.timeout` lives on until it fires, and
 * keeps everything alive that listens to it.
 *
 * @param late makes the reason the signal aborts with when time is up: most work is in time.
 * @param signal aborts it earlier, with its own reason.
 */
export function deadline(ms: number, late: () => EditError, signal: AbortSignal | undefined): Deadline {
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(late()), ms);
  return {
    signal: signal === undefined ? timeUp.signal : AbortSignal.any([timeUp.signal, signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/**
 * Runs the work under a deadline, see `deadline`. Not `using`: Node 22 runs these sources too, and does not
 * know it.
 */
export async function withDeadline<T>(
  { ms, late, signal }: { ms: number; late: () => EditError; signal?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const time = deadline(ms, late, signal);
  try {
    return await work(time.signal);
  } finally {
    time[Symbol.dispose]();
  }
}

/**
 * Settles with `work`, or rejects as soon as the signal aborts, also when the work does not listen to it.
 *
 * @throws {EditError} `abortError` after an abort, whatever the work throws then.
 */
export async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work();
  if (signal.aborted) throw abortError(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(abortError(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** @throws {EditError} `abortError` when the signal aborts first. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await unlessAborted(() => sleep(ms, undefined, signal === undefined ? {} : { signal }), signal);
}

export interface RetryOptions {
  /** How long one try may take, milliseconds. */
  readonly attemptTimeoutMs: number;
  /**
   * Upper bounds of the pauses between tries, milliseconds; each pause is drawn from 0 to its bound ("full
   * jitter").
   */
  readonly backoffMs: readonly number[];
  /** What a try that takes too long fails with. */
  readonly lateCode: ErrorCode;
}

/**
 * Tries a call again while it fails with a passing error, each try with its own deadline. An abort ends it at
 * once, also when the call does not listen to its signal.
 *
 * @throws {EditError} the error of the last try, or `abortError`.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function retryPassing<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { attemptTimeoutMs, backoffMs, lateCode }: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<T> {
  const late = () => new EditError(lateCode, `Expected an answer within ${attemptTimeoutMs} ms, got none`);
  for (let attempt = 0; ; attempt++) {
    try {
      return await withDeadline({ ms: attemptTimeoutMs, late, signal }, (time) =>
        unlessAborted(() => call(time), time),
      );
    } catch (error) {
      const bound = backoffMs[attempt];
      const isPassing = error instanceof EditError && error.kind === 'passing';
      if (!isPassing || bound === undefined || signal?.aborted === true) throw error;
    }
    await pause(Math.random() * (backoffMs[attempt] ?? 0), signal);
  }
}

/**
 * How long the service asked to wait: `Retry-After` as seconds or as an HTTP date, in ms from `now`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
