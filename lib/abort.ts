import { setTimeout as sleep } from 'node:timers/promises';
import { EditError } from '../errors.ts';

export interface RetryOptions {
  /** One try may take this long. */
  readonly attemptTimeoutMs: number;
  /** Upper bounds of the waits between tries; each wait is drawn from 0 to its bound ("full jitter"). */
  readonly backoffMs: readonly number[];
}

/**
 * Tries a call again while it fails with a passing error, each try with its own deadline.
 * A caller's abort ends it at once, also for calls that cannot be aborted themselves.
 *
 * @throws {EditError} what the last try threw; `CANCELLED` (or the signal's own `EditError`) after an abort.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function retryPassing<T>(
  call: (signal: AbortSignal) => Promise<T>,
  options: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await withDeadline(call, options.attemptTimeoutMs, signal);
    } catch (error) {
      const bound = options.backoffMs[attempt];
      const isPassing = error instanceof EditError && error.kind === 'passing';
      if (!isPassing || bound === undefined || signal?.aborted === true) throw error;
      await sleep(Math.random() * bound, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw cancelled(signal);
      });
    }
  }
}

async function withDeadline<T>(
  call: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  outer: AbortSignal | undefined,
): Promise<T> {
  if (outer?.aborted === true) throw cancelled(outer);
  const attempt = new AbortController();
  const timeout = new EditError('STORAGE_UNAVAILABLE', `Expected an answer within ${timeoutMs} ms, got none`);
  const timer = setTimeout(() => attempt.abort(timeout), timeoutMs);
  const onOuterAbort = () => attempt.abort(cancelled(outer));
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  try {
    return await Promise.race([call(attempt.signal), rejectOnAbort(attempt.signal)]);
  } catch (error) {
    // A call that honours the signal fails in its own words; the reason is what matters.
    throw attempt.signal.aborted ? attempt.signal.reason : error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onOuterAbort);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function cancelled(signal: AbortSignal | undefined): EditError {
  const reason: unknown = signal?.reason;
  return reason instanceof EditError
    ? reason
    : new EditError('CANCELLED', 'The work was cancelled', { cause: reason });
}
