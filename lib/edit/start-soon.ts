/** After this a request is on its way over the network, token and all; earlier work would only delay it. */
const startAfterMs = 100;

/**
 * Uses the time in which others work: does the work after a moment, or when its result is first needed.
 *
 * `work` runs once; when it throws, `get` runs it again and throws. `cancel` stops the clock from starting
 * it. `made` tells the result if there is one.
 */
export function startSoon<T>(work: () => T): {
  readonly get: () => T;
  readonly made: () => T | undefined;
  readonly cancel: () => void;
} {
  let done: { readonly value: T } | undefined;
  const get = (): T => {
    done ??= { value: work() };
    return done.value;
  };
  const timer = setTimeout(() => {
    try {
      get();
    } catch {
      // The caller of `get` receives the error.
    }
  }, startAfterMs);
  return { get, made: () => done?.value, cancel: () => clearTimeout(timer) };
}
