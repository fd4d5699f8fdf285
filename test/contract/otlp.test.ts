import { context as contextApi, SpanKind, SpanStatusCode, trace as traceApi } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { traceRequest } from '../../lib/trace/otlp.ts';
import type { Span } from '../../lib/trace/tracing.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';

/**
 * OpenTelemetry's own SDK as a witness: for the same span it sends everything that we send, in the same form.
 */

const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
const attributes = { text: 'a', whole: 3, part: 0.5, truth: true };
// Whole milliseconds, and far from the end of a double's: the SDK keeps seconds and nanoseconds apart.
const startMs = 1_800_000_000_250;
const endMs = 1_800_000_000_500;

async function sentBySdk(kind: SpanKind, errorCode: string | undefined) {
  await using receiver = await startOtlpReceiver();
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const below = traceApi.setSpanContext(contextApi.active(), parent);
  const span = provider
    .getTracer('gcs-inpaint')
    .startSpan('read', { kind, attributes, startTime: startMs }, below);
  if (errorCode !== undefined) {
    span.setAttribute('error.type', errorCode);
    span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode });
  }
  span.end(endMs);
  await provider.forceFlush();
  await provider.shutdown();
  const [sent] = receiver.spans();
  expect(receiver.bodies).toHaveLength(1);
  return { spanId: span.spanContext().spanId, sent };
}

test.each([
  ['server', SpanKind.SERVER, undefined],
  ['internal', SpanKind.INTERNAL, undefined],
  ['internal', SpanKind.INTERNAL, 'MODEL_QUOTA'],
] as const)('a span of kind %s (%i) that ends in %s', async (kind, sdkKind, errorCode) => {
  const { spanId, sent } = await sentBySdk(sdkKind, errorCode);
  const ours: Span = {
    name: 'read',
    kind,
    context: { traceId: parent.traceId, spanId, isSampled: true },
    parentSpanId: parent.spanId,
    startMs,
    endMs,
    attributes,
    errorCode,
  };
  const request = JSON.parse(JSON.stringify(traceRequest([ours], 'edit')));
  const [message] = request.resourceSpans[0].scopeSpans[0].spans;
  // protobuf's JSON takes integers of 64 bits as text or number; a status that is not set may be left out.
  expect(plain(sent)).toMatchObject(plain(message));
});

/** A span with numbers for numeric text, as both are the same to a receiver. */
function plain(span: unknown): object {
  return JSON.parse(JSON.stringify(span), (key, value: unknown) =>
    key === 'intValue' || key === 'doubleValue' || key.endsWith('UnixNano') ? String(value) : value,
  ) as object;
}
