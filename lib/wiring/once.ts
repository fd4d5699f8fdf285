/** Runs `make` at most once; a failure is not remembered. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  const made = onceForEach<T>();
  return () => made('', make);
}

/**
 * Runs `make` at most once for each key, also when several ask before it is done; a failure is not
 * remembered.
 */
export function onceForEach<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (key, make) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const making = make().catch((error: unknown) => {
      made.delete(key);
      throw error;
    });
    made.set(key, making);
    return making;
  };
}
