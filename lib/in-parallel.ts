/**
 * Runs the tasks, at most `limit` at a time, and returns how each one settled, in their order. Starts no
 * task after one has failed.
 */
export async function inParallel<T>(
  tasks: readonly (() => Promise<T>)[],
  limit: number,
): Promise<readonly PromiseSettledResult<T>[]> {
  const results: PromiseSettledResult<T>[] = [];
  let next = 0;
  let hasFailed = false;
  const work = async () => {
    while (next < tasks.length && !hasFailed) {
      const index = next++;
      try {
        results[index] = { status: 'fulfilled', value: await tasks[index]!() };
      } catch (reason) {
        hasFailed = true;
        results[index] = { status: 'rejected', reason };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, work));
  return results;
}

/**
 * Maps items, at most `limit` at a time, and yields the results in the order of the items. No item is begun
 * more than `limit` places ahead of the last result.
 *
 * The first error of the source or of `map` is thrown after the results of all items before it; no item is
 * begun after it. Every item that was begun has settled when the generator ends.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const source = each(items);
  let hasEnded = false;
  const step = async (): Promise<IteratorResult<R, void>> => {
    try {
      // Several steps may wait here: a generator answers its calls one after the other.
      const next = await source.next();
      if (next.done === true || hasEnded) return { done: true, value: undefined };
      return { done: false, value: await map(next.value) };
    } catch (error) {
      hasEnded = true;
      throw error;
    }
  };
  const begin = () => {
    const begun = step();
    // Its error is thrown when its turn comes; until then it is not unhandled.
    begun.catch(() => undefined);
    return begun;
  };
  const steps = Array.from({ length: limit }, begin);
  try {
    for (let first = steps.shift(); first !== undefined; first = steps.shift()) {
      const result = await first;
      if (result.done === true) return;
      steps.push(begin());
      yield result.value;
    }
  } finally {
    hasEnded = true;
    await Promise.allSettled([source.return(undefined), ...steps]);
  }
}

async function* each<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}
