import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapOrdered } from '../../lib/in-parallel.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Collects the results until the end or the error. */
async function drain<T>(results: AsyncIterable<T>): Promise<{ readonly got: T[]; readonly error: unknown }> {
  const got: T[] = [];
  try {
    for await (const result of results) got.push(result);
    return { got, error: undefined };
  } catch (error) {
    return { got, error };
  }
}

describe('mapOrdered', () => {
  it('keeps the order of the items, whichever ends first, and never runs more than the limit', async () => {
    let running = 0;
    let most = 0;
    const results = mapOrdered(numbers(20), 4, async (n) => {
      most = Math.max(most, ++running);
      for (let wait = 0; wait < (n % 4 === 0 ? 5 : 1); wait++) await turn();
      running--;
      return n;
    });
    expect(await drain(results)).toEqual({ got: numbers(20), error: undefined });
    expect(most).toBe(4);
  });

  it.each([
    ['an item', 7],
    ['the source', 6],
  ])('throws the error of %s after all results before it, and begins no further item', async (what, most) => {
    const begun: number[] = [];
    const source = async function* () {
      for (const n of numbers(20)) {
        if (what === 'the source' && n === 6) throw new Error('broken');
        yield n;
      }
    };
    const results = mapOrdered(source(), 3, async (n) => {
      begun.push(n);
      if (n === 6) throw new Error('broken');
      // Items before it are still running when it fails.
      for (let wait = 0; wait < 5; wait++) await turn();
      return n;
    });
    expect(await drain(results)).toEqual({ got: numbers(6), error: new Error('broken') });
    expect(begun).toEqual(numbers(most));
  });

  it('waits for the items that were begun when its consumer leaves, and ends its source', async () => {
    let ended = 0;
    let begun = 0;
    let isSourceEnded = false;
    const source = async function* () {
      try {
        yield* numbers(20);
      } finally {
        isSourceEnded = true;
      }
    };
    const results = mapOrdered(source(), 3, async () => {
      begun++;
      await turn();
      ended++;
    });
    for await (const _ of results) break;
    expect(begun).toBeLessThan(6);
    expect([ended, isSourceEnded]).toEqual([begun, true]);
  });
});
