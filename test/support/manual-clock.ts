import type { Clock } from '../../deploy/local/clock.ts';

/** A clock that moves only when told to: `advance` runs what falls due, in order. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** How many callbacks are waiting. */
  waiting(): number;
}

export function manualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  let alarms: { readonly dueMs: number; readonly callback: () => void }[] = [];
  return {
    now: () => nowMs,
    waiting: () => alarms.length,
    after: (ms, callback) => {
      const alarm = { dueMs: nowMs + ms, callback };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((other) => other !== alarm);
      };
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        const next = alarms.toSorted((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next.dueMs > endMs) break;
        alarms = alarms.filter((other) => other !== next);
        nowMs = next.dueMs;
        next.callback();
      }
      nowMs = endMs;
    },
  };
}
