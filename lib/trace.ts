/** A place in a trace, as W3C Trace Context has it. */
export interface TraceContext {
  /** 32 hex digits, lower case. */
  readonly traceId: string;
  /** 16 hex digits, lower case. */
  readonly spanId: string;
  /** True where the caller records its own part. */
  readonly isSampled: boolean;
}

/** Facts about a part of the work: names, numbers, codes. Never prompts, bytes or tokens. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Runs work as a named part of what is being served; `note` adds what is known only afterwards. */
export type Trace = <T>(
  name: string,
  work: (note: (facts: Attributes) => void) => T | Promise<T>,
  attributes?: Attributes,
) => Promise<T>;

/** Only runs the work. */
export const noTrace: Trace = async (_, work) => work(() => {});

/** Ends what is being served, with facts of how, and hands its spans over; never rejects, and the first time counts. */
export type EndServing = (attributes?: Attributes) => Promise<void>;

/** What the rim of the system needs: one part for each request or event, below which everything else is traced. */
export interface Tracing {
  /** Where lines that are logged now belong. */
  readonly current: () => TraceContext | undefined;
  /** Runs the answer to a request or event that came from `parent`. It calls `end` before it answers: afterwards there is no CPU. */
  readonly serve: <T>(
    name: string,
    parent: TraceContext | undefined,
    answer: (end: EndServing) => Promise<T>,
  ) => Promise<T>;
  readonly trace: Trace;
}
