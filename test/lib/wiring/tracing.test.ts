import { createServer, type IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { type Span, startTracing } from '../../../lib/trace/tracing.ts';
import { traceContextOf } from '../../../lib/trace.ts';
import { tracedFetch, tracedStore } from '../../../lib/wiring/tracing.ts';
import { listenOn } from '../../support/listening.ts';
import { memoryBuckets, memoryClient } from '../../support/memory-store.ts';

const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };

function recorded() {
  const spans: Span[] = [];
  const tracing = startTracing(async (batch) => void spans.push(...batch));
  const serve = (work: () => Promise<unknown>, from = parent) =>
    tracing.serve('edit', from, async (end) => {
      await work();
      await end();
    });
  return { tracing, serve, spans };
}

async function callee() {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(418).end();
  });
  return {
    url: await listenOn(server),
    seen,
    [Symbol.dispose]: () => void server.close(),
  };
}

test('gives each call a span, and passes it on to the called service', async () => {
  using model = await callee();
  const { tracing, serve, spans } = recorded();
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"prompt":"secret"}',
  };
  await serve(() => tracedFetch(tracing)(`${model.url}/v1/m:predict?key=secret`, init));
  const [call] = spans;
  expect(call).toMatchObject({
    name: 'model call',
    attributes: {
      'http.request.method': 'POST',
      'url.path': '/v1/m:predict',
      'http.response.status_code': 418,
    },
  });
  expect(JSON.stringify(spans)).not.toContain('secret');
  expect(model.seen[0]).toMatchObject({ 'content-type': 'application/json' });
  expect(traceContextOf(model.seen[0] ?? {})).toEqual(call?.context);
});

test('passes on that the caller does not record', async () => {
  using model = await callee();
  const { tracing, serve } = recorded();
  const unsampled = { ...parent, isSampled: false };
  await serve(() => tracedFetch(tracing)(model.url), unsampled);
  expect(traceContextOf(model.seen[0] ?? {})).toEqual(unsampled);
});

test('sends no trace header outside of a trace', async () => {
  using model = await callee();
  await tracedFetch(startTracing())(model.url);
  expect(model.seen[0]).not.toHaveProperty('traceparent');
});

test('gives each store request a span with the bucket, not the name of the object', async () => {
  const { tracing, serve, spans } = recorded();
  const store = tracedStore(memoryClient(memoryBuckets()), tracing.trace);
  const id = { bucket: 'control', name: 'secret' };
  await serve(async () => {
    const { info } = await store.create(id, new Uint8Array(), { contentType: 'text/plain' });
    await store.swapMetadata(info, { a: 'b' });
    expect(await store.stat(id)).toMatchObject({ metadata: { a: 'b' } });
    expect(await store.read(info, { maxBytes: 10 })).toEqual(new Uint8Array());
    for await (const { name } of store.list('control')) expect(name).toBe('secret');
  });
  expect(spans.map(({ name, attributes }) => [name, attributes['gcs.bucket']])).toEqual([
    ['storage create', 'control'],
    ['storage swap', 'control'],
    ['storage stat', 'control'],
    ['storage read', 'control'],
    ['edit', undefined],
  ]);
  expect(JSON.stringify(spans)).not.toContain('secret');
});
