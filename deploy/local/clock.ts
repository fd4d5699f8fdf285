/** Time as the emulators see it: injected, so that tests wait for nothing. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `ms` from now; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The same clock, whose waiting callbacks can all be called off at once. */
export interface ScopedClock extends Clock {
  cancelAll(): void;
}

export function scopedClock(clock: Clock): ScopedClock {
  const cancels = new Set<() => void>();
  return {
    now: clock.now,
    after: (ms, callback) => {
      const cancel = clock.after(ms, () => {
        cancels.delete(cancel);
        callback();
      });
      cancels.add(cancel);
      return () => {
        cancels.delete(cancel);
        cancel();
      };
    },
    cancelAll: () => {
      for (const cancel of cancels) cancel();
      cancels.clear();
    },
  };
}

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
