/** Identifies a span, as in W3C Trace Context. */
export interface TraceContext {
  /** 32 hex digits, lower case. */
  readonly traceId: string;
  /** 16 hex digits, lower case. */
  readonly spanId: string;
  /** True when the caller records its own span. */
  readonly isSampled: boolean;
}

/** Facts about a span: names, numbers, codes. Never prompts, bytes or tokens. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Runs work in a span of the current request; `note` adds attributes that are known only afterwards. */
export type Trace = <T>(
  name: string,
  work: (note: (attributes: Attributes) => void) => T | Promise<T>,
  attributes?: Attributes,
) => Promise<T>;

/** Runs the work without a span. */
export const noTrace: Trace = async (_, work) => work(() => {});

/** Ends the span of a request and exports all its spans. Never rejects; only the first call counts. */
type EndServing = (attributes?: Attributes) => Promise<void>;

/** Traces requests and events, and the work done for them. */
export interface Tracing {
  /** The span of the code that asks; log lines carry it. */
  readonly current: () => TraceContext | undefined;
  /**
   * Answers a request or event from `parent` in a span of its own. The answer must call `end` before it is
   * sent: Cloud Run gives no CPU afterwards.
   */
  readonly serve: <T>(
    name: string,
    parent: TraceContext | undefined,
    answer: (end: EndServing) => Promise<T>,
  ) => Promise<T>;
  readonly trace: Trace;
}

const w3c = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const cloudTrace = /^(?!0{32})([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/i;
const sampledFlag = 1;
const maxSpanId = 2n ** 64n - 1n;

/**
 * The caller's span, from `traceparent`, else from Google's older header `TRACE_ID/SPAN_ID;o=OPTIONS` with a
 * decimal span id. A malformed header counts as none, as both specifications ask.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 * @see https://cloud.google.com/trace/docs/trace-context
 */
export function traceContextOf(headers: Readonly<Record<string, unknown>>): TraceContext | undefined {
  return fromTraceparent(headers['traceparent']) ?? fromCloudTrace(headers['x-cloud-trace-context']);
}

/** The headers that make the spans of a called service children of this span. */
export function traceHeaders(context: TraceContext | undefined): Readonly<Record<string, string>> {
  if (context === undefined) return {};
  const { traceId, spanId, isSampled } = context;
  return { traceparent: `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}` };
}

function fromTraceparent(header: unknown): TraceContext | undefined {
  const [, traceId, spanId, flags] = w3c.exec(String(header)) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

function fromCloudTrace(header: unknown): TraceContext | undefined {
  const [, traceId, span, options] = cloudTrace.exec(String(header)) ?? [];
  if (traceId === undefined || span === undefined) return undefined;
  const spanNumber = BigInt(span);
  if (spanNumber === 0n || spanNumber > maxSpanId) return undefined;
  const spanId = spanNumber.toString(16).padStart(16, '0');
  return { traceId: traceId.toLowerCase(), spanId, isSampled: options === '1' };
}
