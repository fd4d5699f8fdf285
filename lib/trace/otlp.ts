import type { Log } from '../log.ts';
import type { Attributes } from '../trace.ts';
import type { ExportSpans, Span } from './tracing.ts';

interface OtlpOptions {
  /** Base URL of the collector; spans go to `v1/traces` below it. */
  readonly endpoint: string;
  /** `service.name` of the spans. */
  readonly service: string;
  readonly log: Log;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  readonly timeoutMs?: number;
}

/** Longest wait of a request for the collector, which is near and answers within milliseconds. */
const defaultTimeoutMs = 1000;
/** After a failure the collector is left alone for this long. */
const pauseMs = 60_000;

/**
 * Sends spans to an OpenTelemetry collector as OTLP over HTTP in JSON. When the collector fails, the spans
 * are lost, and one request a minute waits for it, at most `timeoutMs`. The first failure of a process is
 * logged.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function otlpExporter(options: OtlpOptions): ExportSpans {
  const { endpoint, service, log, timeoutMs = defaultTimeoutMs, now = Date.now } = options;
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  let pausedUntil = 0;
  let isReported = false;
  return async (spans) => {
    if (now() < pausedUntil) return;
    try {
      const response = await (options.fetch ?? fetch)(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(traceRequest(spans, service)),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`status ${response.status}`);
    } catch (error) {
      pausedUntil = now() + pauseMs;
      if (isReported) return;
      isReported = true;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('Traces are lost: the collector does not take them', { endpoint, reason });
    }
  };
}

/** Numbers of the protocol's enumerations. */
const kinds = { internal: 1, server: 2 } as const;
const errorStatus = 2;

/**
 * Spans -> `ExportTraceServiceRequest` in protobuf's JSON: ids in hex, 64 bit integers as strings.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function traceRequest(spans: readonly Span[], service: string): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributeList({ 'service.name': service }) },
        scopeSpans: [{ scope: { name: 'gcs-inpaint' }, spans: spans.map(spanMessage) }],
      },
    ],
  };
}

function spanMessage({ context, name, kind, attributes, errorCode, ...span }: Span): object {
  const all = errorCode === undefined ? attributes : { ...attributes, 'error.type': errorCode };
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: span.parentSpanId,
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: attributeList(all),
    status: errorCode === undefined ? {} : { code: errorStatus, message: errorCode },
  };
}

/** ms -> ns as a decimal string. Rounded to microseconds: a double does not hold today's nanoseconds. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

function attributeList(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
