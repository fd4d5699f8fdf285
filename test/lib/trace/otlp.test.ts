import { expect, test } from 'vitest';
import { otlpExporter } from '../../../lib/trace/otlp.ts';
import type { Span } from '../../../lib/trace/tracing.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';

const span: Span = {
  name: 'read',
  kind: 'internal',
  context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true },
  parentSpanId: '3'.repeat(16),
  startMs: 1_800_000_000_000.125,
  endMs: 1_800_000_000_002,
  attributes: { text: 'a', whole: 3, part: 0.5, truth: true },
  errorCode: undefined,
};

/**
 * A busy machine may need seconds for a request that succeeds: only the test of a hanging collector times
 * out.
 */
function exporterFor(endpoint: string, timeoutMs = 10_000) {
  const lines: string[] = [];
  let nowMs = 0;
  const write = (message: string, fields?: object) => void lines.push(message + JSON.stringify(fields));
  const exportSpans = otlpExporter({
    endpoint,
    service: 'edit',
    log: { info: write, warn: write, error: write },
    now: () => nowMs,
    timeoutMs,
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { exportSpans, lines, pass };
}

test('sends OTLP in JSON', async () => {
  await using receiver = await startOtlpReceiver();
  const { exportSpans, lines } = exporterFor(`${receiver.url}/`);
  await exportSpans([span, { ...span, kind: 'server', parentSpanId: undefined, errorCode: 'MODEL_QUOTA' }]);
  expect(lines).toEqual([]);
  // OpenTelemetry's own SDK is the witness for the rest.
  expect(receiver.spans()).toMatchObject([
    { startTimeUnixNano: '1800000000000125000', endTimeUnixNano: '1800000000002000000' },
    { kind: 2, status: { code: 2, message: 'MODEL_QUOTA' } },
  ]);
  expect(JSON.parse(receiver.bodies[0] ?? '').resourceSpans[0].resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'edit' } },
  ]);
});

const collectors = {
  'that refuses': (_: unknown, response: { writeHead(status: number): { end(): void } }) =>
    response.writeHead(503).end(),
  'that hangs': () => {},
};

test.each(Object.entries(collectors))(
  'a collector %s fails no request, delays one a minute, and is logged once',
  async (_, behaviour) => {
    await using receiver = await startOtlpReceiver(behaviour as () => void);
    const { exportSpans, lines, pass } = exporterFor(receiver.url, 500);
    for (let request = 0; request < 20; request++) await exportSpans([span]);
    expect(receiver.bodies).toHaveLength(1);
    pass(60_000);
    await exportSpans([span]);
    expect(receiver.bodies).toHaveLength(2);
    expect(lines).toEqual([expect.stringContaining('Traces are lost')]);
  },
);
