import { totalmem } from 'node:os';
import { EditError } from '../lib/errors.ts';

/** Runs work, unless as much is running as may. */
export type AtOnce = <T>(work: () => Promise<T>) => Promise<T>;

/** What an edit of a picture of 100 megapixels takes, docs/benchmarks.md; larger ones are rare. */
const bytesPerEdit = 1.5 * 1024 ** 3;
/** Most edits end within some seconds. */
const retryAfterMs = 2_000;

/** How many edits fit into the memory of this container, or of this machine. */
export function editsThatFit(
  memoryBytes = Math.min(process.constrainedMemory() || totalmem(), totalmem()),
): number {
  return Math.max(1, Math.floor(memoryBytes / bytesPerEdit));
}

/** @throws {EditError} `TOO_BUSY` instead of a further piece of work. */
export function atMost(limit: number): AtOnce {
  let running = 0;
  return async (work) => {
    if (running >= limit) {
      const message = `Expected at most ${limit} edits at once in this instance, got one more`;
      throw new EditError('TOO_BUSY', message, { retryAfterMs });
    }
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  };
}
