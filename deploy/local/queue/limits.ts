import type { Clock } from '../clock.ts';

/** Rate, concurrency and repeats of a queue. */
export interface QueueLimits {
  readonly maxDispatchesPerSecond?: number;
  readonly maxConcurrentDispatches?: number;
  /** Tries after which a task is deleted; -1: for ever. */
  readonly maxAttempts?: number;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly maxDoublings?: number;
}

/**
 * As Cloud Tasks sets them.
 * @see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
 */
export const DEFAULT_LIMITS: Required<QueueLimits> = {
  maxDispatchesPerSecond: 500,
  maxConcurrentDispatches: 1000,
  maxAttempts: -1,
  minBackoffMs: 100,
  maxBackoffMs: 3_600_000,
  maxDoublings: 16,
};

/**
 * The wait before try `dispatches + 1`: `min * 2^k` for the first `maxDoublings` repeats, then growing by
 * `min * 2^maxDoublings` each time, never above the maximum.
 */
export function backoffMs(dispatches: number, limits: Required<QueueLimits>): number {
  const { minBackoffMs, maxBackoffMs, maxDoublings } = limits;
  const repeats = dispatches - 1;
  const doublings = Math.min(repeats, maxDoublings);
  const steps = 1 + Math.max(0, repeats - maxDoublings);
  return Math.min(minBackoffMs * 2 ** doublings * steps, maxBackoffMs);
}

/** Seconds or a date, as ms from now; undefined when absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** A token bucket: so many a second on average, a fifth of a second's worth at once. */
export interface RateLimit {
  /** 0: taken. Else: how long to wait before asking again. */
  take(): number;
}

/** Cloud Tasks derives its burst from the rate: 100 at 500 a second. */
const BURST_SECONDS = 0.2;

export function rateLimit(clock: Clock, perSecond: number): RateLimit {
  const burst = Math.max(1, Math.ceil(perSecond * BURST_SECONDS));
  let tokens = burst;
  let lastMs = clock.now();
  return {
    take: () => {
      const nowMs = clock.now();
      tokens = Math.min(burst, tokens + ((nowMs - lastMs) * perSecond) / 1000);
      lastMs = nowMs;
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
  };
}
