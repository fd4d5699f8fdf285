/**
 * Work that is aborted when it is late, or when `closing` aborts. Its timer ends with it: that of `AbortSignal.timeout`
 * would outlive it, and keep what listens to it, for as long as the deadline is far.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  closing: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  try {
    return await work(AbortSignal.any([closing, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
