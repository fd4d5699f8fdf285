import { expect, test } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { type Span, startTracing } from '../../../lib/trace/tracing.ts';

const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };

function recorded() {
  const batches: (readonly Span[])[] = [];
  const tracing = startTracing(async (spans) => void batches.push(spans));
  return { tracing, batches };
}

const shapeOf = (spans: readonly Span[] = []) => {
  const nameOf = new Map(spans.map(({ context, name }) => [context.spanId, name]));
  return spans.map(({ name, parentSpanId = '' }) => `${name} < ${nameOf.get(parentSpanId) ?? parentSpanId}`);
};

test('nests the spans of the work below the request, and the request below its caller', async () => {
  const { tracing, batches } = recorded();
  const value = await tracing.serve('edit', parent, async (end) => {
    await tracing.trace('read', () => {});
    const result = await tracing.trace('inpaint', () => tracing.trace('model call', async () => 7));
    await end();
    return result;
  });
  expect(value).toBe(7);
  expect(batches).toHaveLength(1);
  expect(shapeOf(batches[0])).toEqual([
    'read < edit',
    'model call < inpaint',
    'inpaint < edit',
    `edit < ${parent.spanId}`,
  ]);
  for (const span of batches[0] ?? []) {
    expect(span.context.traceId).toBe(parent.traceId);
    expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
  }
  expect(batches[0]?.map(({ kind }) => kind)).toEqual(['internal', 'internal', 'internal', 'server']);
});

test('keeps concurrent requests apart', async () => {
  const { tracing, batches } = recorded();
  const one = (name: string) =>
    tracing.serve(name, undefined, async (end) => {
      await tracing.trace(`${name} part`, () => new Promise((resolve) => setImmediate(resolve)));
      await end();
    });
  await Promise.all([one('a'), one('b')]);
  expect(batches.map(shapeOf)).toEqual([
    ['a part < a', 'a < '],
    ['b part < b', 'b < '],
  ]);
  expect(new Set(batches.flat().map(({ context }) => context.traceId)).size).toBe(2);
});

test('records nothing when the caller does not; log lines still carry its span', async () => {
  const { tracing, batches } = recorded();
  const unsampled = { ...parent, isSampled: false };
  await tracing.serve('edit', unsampled, async (end) => {
    await tracing.trace('read', () => expect(tracing.current()).toEqual(unsampled));
    await end();
  });
  expect(batches).toEqual([]);
});

test('records nothing without an exporter; log lines carry the span of the caller', async () => {
  const tracing = startTracing();
  await tracing.serve('edit', parent, async () => {
    expect(await tracing.trace('read', () => tracing.current())).toEqual(parent);
  });
  expect(tracing.current()).toBeUndefined();
});

test('a failed span keeps the code of its error, not the message', async () => {
  const { tracing, batches } = recorded();
  const failing = tracing.serve('edit', undefined, async (end) => {
    await tracing
      .trace('inpaint', () => {
        throw new EditError('MODEL_QUOTA', 'Expected a secret');
      })
      .finally(() => end({ 'error.type': 'MODEL_QUOTA' }));
  });
  await expect(failing).rejects.toThrow('secret');
  expect(batches[0]?.map(({ errorCode }) => errorCode)).toEqual(['MODEL_QUOTA', 'MODEL_QUOTA']);
  expect(JSON.stringify(batches)).not.toContain('secret');
});

test('ends once', async () => {
  const { tracing, batches } = recorded();
  await tracing.serve('edit', undefined, async (end) => {
    await end();
    await end();
  });
  expect(batches).toHaveLength(1);
});
