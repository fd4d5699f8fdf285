import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { jsonLog, type Log } from '../../lib/log.ts';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { traceContextOf } from '../../lib/trace.ts';
import { makeTracing } from '../../lib/wiring/tracing.ts';
import { wire } from '../../lib/wiring.ts';
import { openEmulator } from '../support/emulator-world.ts';
import { startFaultyModel } from '../support/faulty-model.ts';
import { listenOn, serveFunction } from '../support/listening.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../support/pictures.ts';
import { deliverUpload } from '../support/upload-event.ts';

const size = { width: 120, height: 90 };
const prompt = 'a very secret lighthouse';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

let image: Uint8Array<ArrayBuffer>;
let mask: Uint8Array<ArrayBuffer>;
let collector: OtlpReceiver;
let environment: Record<string, string>;
let log: Log;
let lines: Record<string, unknown>[] = [];
/** Not an `AsyncDisposableStack`, which Node 22 does not have. */
const closings: (() => unknown)[] = [];
const urls = { edit: '', onUpload: '' };

beforeAll(async () => {
  image = Uint8Array.from(await pipelineOf(wavePicture(size)).png().toBuffer());
  mask = Uint8Array.from(await maskPng(boxMask(size, { left: 50, top: 40, width: 14, height: 12 })));
  collector = await startOtlpReceiver();
  closings.push(() => collector[Symbol.asyncDispose]());
  const storage = await openEmulator();
  closings.push(() => storage[Symbol.asyncDispose]());
  const model = await startFaultyModel();
  closings.push(() => model.close());
  environment = {
    INPUT_BUCKET: 'input',
    OUTPUT_BUCKET: 'output',
    CONTROL_BUCKET: 'control',
    STORAGE_API_ENDPOINT: storage.url,
    ENGINE: 'imagen',
    MODEL_BASE_URL: model.url,
    GOOGLE_CLOUD_PROJECT: 'p',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    K_SERVICE: 'inpaint',
  };
  const config = readConfig(environment);
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const tracing = makeTracing(config, () => log);
  log = jsonLog({ ...config, stream, currentSpan: tracing.current });
  registerFunctions(wire(config, log, { tracing }));
  for (const name of ['edit', 'onUpload'] as const) urls[name] = await serveFunction(name);
});
afterAll(async () => {
  for (const close of closings.reverse()) await close();
});
beforeEach(() => {
  lines = [];
  collector.bodies.length = 0;
});

async function upload(name: string, bytes: Uint8Array): Promise<string> {
  const store = cloudStorage({ apiEndpoint: environment['STORAGE_API_ENDPOINT'], projectId: 'p' });
  const id = { bucket: 'input', name };
  return (await store.create(id, bytes, { contentType: 'image/png' })).info.generation;
}

function postEdit(headers: Record<string, string>, file = image): Promise<Response> {
  const body = new FormData();
  body.set('image', new Blob([file]), 'f');
  body.set('mask', new Blob([mask]), 'f');
  body.set('mode', 'insertion');
  body.set('prompt', prompt);
  return fetch(urls.edit, { method: 'POST', body, headers });
}

/** `name < name of its parent`, once for each pair. */
function tree(): string[] {
  const spans = collector.spans();
  const names = new Map(spans.map((span) => [span.spanId, span.name]));
  const pairs = spans.map(
    ({ name, parentSpanId = '' }) => `${name} < ${names.get(parentSpanId) ?? parentSpanId}`,
  );
  return [...new Set(pairs)].sort();
}

test('exports the spans of a request before it is answered', async () => {
  const response = await postEdit({ traceparent });
  // The body is not read yet: whatever comes after the answer has no CPU on Cloud Run.
  expect(tree()).toEqual([
    'answer < edit',
    'check < edit',
    'composite < edit',
    'crop < edit',
    `edit < ${spanId}`,
    'frame < edit',
    'inpaint < edit',
    'mask < edit',
    'model call < inpaint',
    'plan < edit',
    'prove < edit',
    'read < edit',
    'write < edit',
  ]);
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  expect(collector.bodies).toHaveLength(1);
  expect(new Set(collector.spans().map((span) => span.traceId))).toEqual(new Set([traceId]));
  const call = collector.spans().find(({ name }) => name === 'model call');
  expect(call?.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '200' } });
});

test('neither spans nor log lines hold the prompt', async () => {
  await (await postEdit({ traceparent })).arrayBuffer();
  const all = collector.bodies.join('') + JSON.stringify(lines);
  expect(all).toContain('imagen-3.0-capability-001');
  expect(all).not.toContain('secret');
});

test.each([
  ['traceparent', { traceparent }],
  ["Google's own header", { 'x-cloud-trace-context': `${traceId}/${BigInt(`0x${spanId}`)};o=1` }],
])('puts the log line of a request into its trace: %s', async (_, headers) => {
  await (await postEdit(headers)).arrayBuffer();
  const root = collector.spans().find(({ name }) => name === 'edit');
  expect(root?.parentSpanId).toBe(spanId);
  expect(lines).toEqual([
    expect.objectContaining({
      severity: 'INFO',
      message: 'edit answered',
      'logging.googleapis.com/trace': `projects/p/traces/${traceId}`,
      'logging.googleapis.com/spanId': root?.spanId,
      'logging.googleapis.com/trace_sampled': true,
      httpRequest: expect.objectContaining({ requestMethod: 'POST', status: 200 }),
    }),
  ]);
});

test('a refused request has its code in the span, and is not reported as a bug', async () => {
  expect((await postEdit({ traceparent }, Uint8Array.of(1, 2, 3))).status).toBe(422);
  const root = collector.spans().find(({ name }) => name === 'edit');
  expect(root?.status).toEqual({ code: 2, message: 'IMAGE_UNREADABLE' });
  expect(lines).toEqual([expect.objectContaining({ severity: 'WARNING', code: 'IMAGE_UNREADABLE' })]);
  expect(lines[0]).not.toHaveProperty('@type');
});

test('traces an event without work', async () => {
  const object = { name: 'nothing.jpg', generation: '1' };
  expect(await deliverUpload(urls.onUpload, object, { traceparent })).toBe(204);
  expect(tree()).toEqual([`onUpload < ${spanId}`]);

  const source = '//storage.googleapis.com/projects/_/buckets/other';
  expect(await deliverUpload(urls.onUpload, object, { traceparent, 'ce-source': source })).toBe(204);
  expect(lines).toEqual([
    expect.objectContaining({
      code: 'EVENT_INVALID',
      'logging.googleapis.com/trace': `projects/p/traces/${traceId}`,
    }),
  ]);
});

test('traces a job, its steps and its requests below its event', async () => {
  const generation = await upload('dir/photo.png', image);
  await upload('dir/photo.mask.png', mask);
  expect(await deliverUpload(urls.onUpload, { name: 'dir/photo.png', generation }, { traceparent })).toBe(
    204,
  );
  const pairs = tree();
  for (const pair of [
    `onUpload < ${spanId}`,
    'job < onUpload',
    'read < job',
    'inpaint < job',
    'model call < inpaint',
    'storage swap < inpaint',
    'storage create < inpaint',
    'publish < job',
    'storage create < publish',
  ])
    expect(pairs).toContain(pair);
  const job = collector.spans().find(({ name }) => name === 'job');
  expect(lines).toEqual([
    expect.objectContaining({
      ...{ message: 'Job published', engine: 'imagen', modelCalls: 1 },
      'logging.googleapis.com/trace': `projects/p/traces/${traceId}`,
      'logging.googleapis.com/spanId': job?.spanId,
    }),
  ]);
  expect(job?.attributes).toContainEqual({ key: 'outcome', value: { stringValue: 'published' } });
});

test('keeps a queued job in the trace of its event', async () => {
  const tasks: { task: { httpRequest: { headers: Record<string, string> } } }[] = [];
  const queue = createServer(async (request, response) => {
    tasks.push((await json(request)) as (typeof tasks)[number]);
    response.end('{}');
  });
  const apiEndpoint = await listenOn(queue);
  closings.push(() => void queue.close());
  const queued = readConfig({
    ...environment,
    TASKS_QUEUE: 'projects/p/locations/l/queues/q',
    RUN_JOB_URL: 'https://run-job.example',
    TASKS_API_ENDPOINT: apiEndpoint,
  });
  await upload('queued/photo.png', image);
  await upload('queued/photo.mask.png', mask);
  const tracing = makeTracing(queued, () => log);
  const { jobs } = wire(queued, log, { tracing });
  const parent = { traceId, spanId, isSampled: true };
  await tracing.serve('onUpload', parent, async () =>
    (await jobs()).uploads({ bucket: 'input', name: 'queued/photo.png' }),
  );
  expect(traceContextOf(tasks[0]?.task.httpRequest.headers ?? {})?.traceId).toBe(traceId);
});
