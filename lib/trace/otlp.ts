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

/** What a request may wait for its collector: one on the same machine or network answers within milliseconds. */
const defaultTimeoutMs = 1000;
/** After a failure nobody waits for the collector for this long. */
const pauseMs = 60_000;

/**
 * Sends spans to an OpenTelemetry collector as OTLP over HTTP in JSON. A collector that fails costs one request
 * `timeoutMs` at most, once a minute, and the spans; the first failure of a process is logged.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function otlpExporter(options: OtlpOptions): ExportSpans {
  const { endpoint, service, log, timeoutMs = defaultTimeoutMs, now = Date.now } = options;
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  let pausedUntil = 0;
  let isKnown = false;
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
      if (isKnown) return;
      isKnown = true;
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
  const facts = errorCode === undefined ? attributes : { ...attributes, 'error.type': errorCode };
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    parentSpanId: span.parentSpanId,
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: attributeList(facts),
    status: errorCode === undefined ? {} : { code: errorStatus, message: errorCode },
  };
}

/** ms -> ns as a decimal string; a double holds microseconds of today exactly, not nanoseconds. */
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
