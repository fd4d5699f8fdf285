import { noTrace, type Trace } from '../trace.ts';

/** `work` may tell the share of it that is done, 0..1. */
export type Step = <T>(name: string, work: (tell: (share: number) => void) => T | Promise<T>) => Promise<T>;

/** A region of an edit, from 1. */
export interface RegionOf {
  readonly index: number;
  readonly of: number;
}

/** Told of each step as it begins, and of the share that is done where a step tells it, 0..1. */
export type StepListener = (name: string, region?: RegionOf, share?: number) => void;

/** Steps of one region, counted from 0. */
export type StepOf = (at: number, of: number) => Step;

/** Runs named steps and adds up the time of each, ms. An aborted signal stops the next step. */
export function stopwatch(
  signal: AbortSignal,
  trace: Trace = noTrace,
  onStep: StepListener = () => {},
): {
  readonly step: Step;
  readonly stepOf: StepOf;
  readonly timingsMs: () => Record<string, number>;
} {
  const times = new Map<string, number>();
  const stepIn =
    (region?: RegionOf): Step =>
    async (name, work) => {
      signal.throwIfAborted();
      onStep(name, region);
      const started = performance.now();
      try {
        return await trace(name, () => work((share) => onStep(name, region, share)));
      } finally {
        times.set(name, (times.get(name) ?? 0) + performance.now() - started);
      }
    };
  const timingsMs = () => Object.fromEntries([...times].map(([name, ms]) => [name, Math.round(ms)]));
  return { step: stepIn(), stepOf: (at, of) => stepIn({ index: at + 1, of }), timingsMs };
}
