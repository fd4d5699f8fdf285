import type { TraceContext } from '../trace.ts';

const w3c = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const cloudTrace = /^(?!0{32})([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/i;
const sampledFlag = 1;
const maxSpanId = 2n ** 64n - 1n;

/**
 * Where a request belongs: by `traceparent`, else by Google's older header, `TRACE_ID/SPAN_ID;o=OPTIONS` with the
 * span in decimal. Anything malformed is nothing, as both ask for.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 * @see https://cloud.google.com/trace/docs/trace-context
 */
export function traceContextOf(headers: Readonly<Record<string, unknown>>): TraceContext | undefined {
  return fromTraceparent(headers['traceparent']) ?? fromCloudTrace(headers['x-cloud-trace-context']);
}

/** Told to whoever is called, so that its part hangs below ours. */
export function traceHeaders(place: TraceContext | undefined): Readonly<Record<string, string>> {
  if (place === undefined) return {};
  const { traceId, spanId, isSampled } = place;
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
