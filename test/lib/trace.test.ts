import { describe, expect, it, test } from 'vitest';
import { traceContextOf, traceHeaders } from '../../lib/trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('reads trace, span and sampling from traceparent', () => {
  expect(traceContextOf({ traceparent: `00-${traceId}-${spanId}-01` })).toEqual({
    traceId,
    spanId,
    isSampled: true,
  });
  expect(traceContextOf({ traceparent: `00-${traceId}-${spanId}-00` })?.isSampled).toBe(false);
});

test('accepts a later version with more fields', () => {
  expect(traceContextOf({ traceparent: `01-${traceId}-${spanId}-03-what` })?.isSampled).toBe(true);
});

test("reads Google's header, with a decimal span, where there is no traceparent", () => {
  const header = `${traceId}/${BigInt(`0x${spanId}`)};o=1`;
  expect(traceContextOf({ 'x-cloud-trace-context': header })).toEqual({ traceId, spanId, isSampled: true });
  expect(traceContextOf({ 'x-cloud-trace-context': `${traceId}/7` })).toEqual({
    traceId,
    spanId: '0000000000000007',
    isSampled: false,
  });
  const other = `00-${'1'.repeat(32)}-${spanId}-01`;
  expect(traceContextOf({ traceparent: other, 'x-cloud-trace-context': header })?.traceId).toBe(
    '1'.repeat(32),
  );
});

test.each([true, false])('reads the headers it wrote, sampled: %s', (isSampled) => {
  expect(traceContextOf(traceHeaders({ traceId, spanId, isSampled }))).toEqual({
    traceId,
    spanId,
    isSampled,
  });
  expect(traceHeaders(undefined)).toEqual({});
});

describe('ignores a malformed header', () => {
  it.each([
    ['nothing', undefined],
    ['several', ['a', 'b']],
    ['a version that cannot be', `ff-${traceId}-${spanId}-01`],
    ['no trace', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['something behind', `00-${traceId}-${spanId}-01x`],
  ])('traceparent: %s', (_, traceparent) => expect(traceContextOf({ traceparent })).toBeUndefined());

  it.each([`${traceId}/0;o=1`, `${traceId}/18446744073709551616;o=1`, `${traceId}/x;o=1`, 'x/1;o=1'])(
    'x-cloud-trace-context: %s',
    (header) => expect(traceContextOf({ 'x-cloud-trace-context': header })).toBeUndefined(),
  );
});
