import { asEditError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { type Clock, scopedClock } from './clock.ts';

interface SweepsOptions {
  readonly sweep: () => Promise<void>;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sweeps again and again, as a scheduler does in the cloud. */
interface Sweeps {
  /** Sweeps before the next one is due. */
  soon(): void;
  close(): void;
}

/** Files that are deleted one after the other are one change. */
const soonMs = 1000;

/** The first sweep begins soon. Two never run at once. */
export function startSweeps({ sweep, everyMs, clock, log }: SweepsOptions): Sweeps {
  const timers = scopedClock(clock);
  let isRunning = false;
  let isWanted = false;

  function schedule(ms: number): void {
    timers.cancelAll();
    timers.after(ms, () => void run());
  }

  async function run(): Promise<void> {
    isRunning = true;
    isWanted = false;
    await sweep().catch((error: unknown) => {
      const { code, message } = asEditError(error);
      if (code !== 'CANCELLED') log.warn(`Sweep: ${message}`, { code });
    });
    isRunning = false;
    schedule(isWanted ? soonMs : everyMs);
  }

  schedule(soonMs);
  return {
    soon: () => {
      isWanted = true;
      if (!isRunning) schedule(soonMs);
    },
    close: () => timers.cancelAll(),
  };
}
