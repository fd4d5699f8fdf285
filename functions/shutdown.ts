import { setTimeout as sleep } from 'node:timers/promises';

interface Shutdown {
  /** Aborts when the process is told to end: jobs then save where the next attempt can go on. */
  readonly signal: AbortSignal;
  /** Registers work that the shutdown waits for, within its grace period. */
  readonly track: Track;
}

export type Track = <T>(work: T | Promise<T>) => Promise<T>;

/** Work under way, for an end that waits for it. */
export interface RunningWork {
  readonly track: Track;
  /** Resolves when all of it has ended, or after the grace period. */
  readonly ended: () => Promise<void>;
}

/** Cloud Run kills 10 s after SIGTERM. */
const graceMs = 9000;
/** The framework sends answers a moment after the work has ended. */
const answerMs = 100;
const endSignals: readonly (string | symbol)[] = ['SIGTERM', 'SIGINT'];

/**
 * Ends the process in order on SIGTERM: aborts the work, gives it time to release its claims, and lets it be
 * answered, so that it is delivered again at once instead of when a lease expires.
 *
 * The framework would end the process at once: it adds its own signal listeners when it starts to listen.
 * They are removed as soon as they are added.
 *
 * @see https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */
export function orderlyShutdown(): Shutdown {
  const stopping = new AbortController();
  const running = runningWork();

  async function end(): Promise<void> {
    if (stopping.signal.aborted) return;
    stopping.abort();
    await running.ended();
    await sleep(answerMs);
    process.exit(0);
  }
  const onSignal = () => void end();
  for (const name of endSignals) process.on(name, onSignal);
  process.on('newListener', (event, listener) => {
    if (endSignals.includes(event) && listener !== onSignal) {
      process.nextTick(() => process.off(event, listener));
    }
  });

  return { signal: stopping.signal, track: running.track };
}

export function runningWork(): RunningWork {
  const running = new Set<Promise<unknown>>();
  return {
    track: (work) => {
      const tracked = Promise.resolve(work).finally(() => running.delete(tracked));
      running.add(tracked);
      return tracked;
    },
    ended: async () => {
      await Promise.race([Promise.allSettled(running), sleep(graceMs, undefined, { ref: false })]);
    },
  };
}
