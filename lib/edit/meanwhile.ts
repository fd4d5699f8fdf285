/** By then a question is on its way over the network, token and all; work begun earlier would only hold it up. */
const startAfterMs = 100;

/**
 * Does what can be done before an answer is there while others work on it: begun after a moment, or when it is asked for.
 *
 * `work` is done once; when it throws, `get` does it again and throws. `stop` keeps it from being begun by the clock.
 */
export function meanwhile<T>(work: () => T): { readonly get: () => T; readonly stop: () => void } {
  let done: { readonly value: T } | undefined;
  const get = (): T => {
    done ??= { value: work() };
    return done.value;
  };
  const timer = setTimeout(() => {
    try {
      get();
    } catch {
      // Whoever asks for it is told.
    }
  }, startAfterMs);
  return { get, stop: () => clearTimeout(timer) };
}
