/** The time of the emulators, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `ms` from now; the returned function cancels that. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** A clock whose waiting callbacks can all be cancelled at once. */
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
