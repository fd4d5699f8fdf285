import { noTrace, type Trace } from '../trace.ts';

export type Step = <T>(name: string, work: () => T | Promise<T>) => Promise<T>;

/** Runs named steps and adds up the time of each, ms. An aborted signal stops the next step. */
export function stopwatch(
  signal: AbortSignal,
  trace: Trace = noTrace,
): {
  readonly step: Step;
  readonly timingsMs: () => Record<string, number>;
} {
  const times = new Map<string, number>();
  const step: Step = async (name, work) => {
    signal.throwIfAborted();
    const started = performance.now();
    try {
      return await trace(name, () => work());
    } finally {
      times.set(name, (times.get(name) ?? 0) + performance.now() - started);
    }
  };
  const timingsMs = () => Object.fromEntries([...times].map(([name, ms]) => [name, Math.round(ms)]));
  return { step, timingsMs };
}
