import { setTimeout as sleep } from 'node:timers/promises';

export interface Shutdown {
  /** Aborts when the process is told to end: jobs then leave a state from which the next attempt goes on. */
  readonly signal: AbortSignal;
  /** Work that an end waits for, within its grace. */
  readonly track: Track;
}

export type Track = <T>(work: T | Promise<T>) => Promise<T>;

/** Cloud Run kills 10 s after SIGTERM. */
const graceMs = 9000;
/** For answers that are written when the work is over: the framework sends them a moment later. */
const answerMs = 100;
const endings: readonly (string | symbol)[] = ['SIGTERM', 'SIGINT'];

/**
 * Lets the process end in order when it is told to: work is aborted, given time to leave its claims, and
 * answered, so that it is delivered again at once instead of when a lease is over.
 *
 * The framework ends the process the moment a signal comes, by listeners it adds once it listens; those are taken
 * off again as they are added.
 *
 * @see https://cloud.google.com/run/docs/container-contract#instance-shutdown
 */
export function orderlyShutdown(): Shutdown {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function end(): Promise<void> {
    if (stopping.signal.aborted) return;
    stopping.abort();
    await Promise.race([Promise.allSettled(running), sleep(graceMs)]);
    await sleep(answerMs);
    process.exit(0);
  }
  const onSignal = () => void end();
  for (const ending of endings) process.on(ending, onSignal);
  process.on('newListener', (event, listener) => {
    if (endings.includes(event) && listener !== onSignal) {
      process.nextTick(() => process.off(event, listener));
    }
  });

  return {
    signal: stopping.signal,
    track: (work) => {
      const tracked = Promise.resolve(work).finally(() => running.delete(tracked));
      running.add(tracked);
      return tracked;
    },
  };
}
