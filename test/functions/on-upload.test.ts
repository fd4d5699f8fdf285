import { cloudEvent } from '@google-cloud/functions-framework';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { onUploadFunction } from '../../functions/on-upload.ts';
import { registerFunctions } from '../../functions/register.ts';
import { readConfig } from '../../lib/config.ts';
import { EditError } from '../../lib/errors.ts';
import { startTracing } from '../../lib/trace/tracing.ts';
import type { Jobs } from '../../lib/wiring/jobs.ts';
import { wire } from '../../lib/wiring.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';
import { deliverUpload } from '../support/upload-event.ts';

const seen: unknown[] = [];
let isEndless = false;
let failure: Error | undefined;
const lines: { readonly level: string; readonly message: string; readonly fields: object | undefined }[] = [];
const note = (level: string) => (message: string, fields?: object) =>
  void lines.push({ level, message, fields });

cloudEvent(
  'onUploadTest',
  onUploadFunction({
    async handle(upload, signal) {
      seen.push(upload);
      if (isEndless)
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      if (failure !== undefined) throw failure;
    },
    inputBucket: 'input',
    maxEventAgeMs: 3_600_000,
    deadlineMs: 300,
    log: { ...silentLog, warn: note('warn'), error: note('error') },
    tracing: startTracing(),
  }),
);
let url: string;
beforeAll(async () => {
  url = await serveFunction('onUploadTest');
});
beforeEach(() => {
  seen.length = 0;
  lines.length = 0;
  failure = undefined;
  isEndless = false;
});

const deliver = (headers: Record<string, string> = {}, data: Record<string, unknown> = {}, to = url) =>
  deliverUpload(to, { name: 'a b.jpg', generation: '17', ...data }, headers);

describe('onUpload behind the framework', () => {
  it('takes the name from the payload, and acknowledges', async () => {
    expect(await deliver()).toBe(204);
    expect(seen).toEqual([{ bucket: 'input', name: 'a b.jpg' }]);
  });

  it('takes a generation as a number too', async () => {
    expect(await deliver({}, { generation: 17 })).toBe(204);
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['another type', { 'ce-type': 'google.cloud.storage.object.v1.deleted' }, {}],
    ['another source', { 'ce-source': '//storage.googleapis.com/projects/_/buckets/other' }, {}],
    ['another bucket', {}, { bucket: 'other' }],
    ['no name', {}, { name: '' }],
    ['a name longer than Cloud Storage allows', {}, { name: 'x'.repeat(1025) }],
    ['no generation', {}, { generation: null }],
    ['an old event', { 'ce-time': '2026-01-01T00:00:00Z' }, {}],
  ])('acknowledges without work: %s', async (_, headers, data) => {
    expect(await deliver(headers, data)).toBe(204);
    expect(seen).toEqual([]);
  });

  it('acknowledges what can never succeed', async () => {
    failure = new EditError('EVENT_INVALID', 'Expected another bucket');
    expect(await deliver()).toBe(204);
  });

  it.each(['BUSY', 'STORAGE_UNAVAILABLE', 'MODEL_RETIRED', 'INTERNAL'] as const)(
    'asks for redelivery after %s',
    async (code) => {
      failure = new EditError(code, 'Expected better');
      expect(await deliver()).toBe(500);
    },
  );

  it('stops at its deadline and asks for redelivery', async () => {
    isEndless = true;
    expect(await deliver()).toBe(500);
    expect(lines).toMatchObject([{ level: 'warn', fields: { code: 'DEADLINE_EXCEEDED' } }]);
  });

  it('asks for redelivery after an unexpected error', async () => {
    failure = new TypeError('undefined is not a function');
    expect(await deliver()).toBe(500);
  });

  it('reports an unexpected error once: the framework prints it without a stack', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    failure = new TypeError('undefined is not a function');
    await deliver();
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ error: expect.objectContaining({ cause: failure }) }),
      }),
    ]);
    expect(printed.mock.calls).toEqual([['INTERNAL: the event comes again']]);
    printed.mockRestore();
  });

  it('reports no bug after a passing error', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    failure = new EditError('BUSY', 'Expected the job free');
    await deliver();
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', fields: { event: '1', code: 'BUSY' } })]);
    expect(printed.mock.calls).toEqual([['BUSY: the event comes again']]);
    printed.mockRestore();
  });
});

describe('a notification of Cloud Storage, pushed by Pub/Sub', () => {
  const attributes = {
    ...{ eventType: 'OBJECT_FINALIZE', bucketId: 'input', objectId: 'ä b.jpg', objectGeneration: '17' },
    ...{ payloadFormat: 'NONE', notificationConfig: 'projects/_/buckets/input/notificationConfigs/1' },
  };
  const push = async (changed: object = {}, message: object = {}) => {
    const publishTime = new Date().toISOString();
    const sent = { attributes: { ...attributes, ...changed }, messageId: '9', publishTime, ...message };
    const body = JSON.stringify({ message: sent, subscription: 'projects/p/subscriptions/uploads' });
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };

  it.each([
    ['no payload', {}],
    ['the object as payload', { data: 'eyJuYW1lIjoieCJ9' }],
  ])('with %s is an upload', async (_, message) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await push({}, message)).toBe(204);
    expect(seen).toEqual([{ bucket: 'input', name: 'ä b.jpg' }]);
    expect(lines).toEqual([]);
    vi.restoreAllMocks();
  });

  it('comes again after a passing error', async () => {
    failure = new EditError('BUSY', 'Expected the job free');
    expect(await push()).toBe(500);
    expect(lines).toMatchObject([{ fields: { event: '9', code: 'BUSY' } }]);
  });

  it.each([
    ['of a deletion', { eventType: 'OBJECT_DELETE' }, {}, 'EVENT_INVALID'],
    ['of another bucket', { bucketId: 'other' }, {}, 'EVENT_INVALID'],
    ['without a name', { objectId: '' }, {}, 'EVENT_INVALID'],
    ['that is old', {}, { publishTime: '2026-01-01T00:00:00Z' }, undefined],
  ])('%s is acknowledged without work, and told', async (_, changed, message, code) => {
    expect(await push(changed, message)).toBe(204);
    expect(seen).toEqual([]);
    expect(lines).toMatchObject([{ level: 'warn', fields: { event: expect.any(String) } }]);
    expect(lines[0]?.fields).toMatchObject(code === undefined ? { ageMs: expect.any(Number) } : { code });
  });
});

it('is registered with the deadline of its function', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const settings = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const wiring = wire(readConfig({ ...settings, EDIT_DEADLINE_MS: '90000' }), silentLog);
  const uploads: Jobs['uploads'] = async (_, signal) => void signals.push(signal);
  registerFunctions({ ...wiring, jobs: async () => ({ ...(await wiring.jobs()), uploads }) });
  const registered = await serveFunction('onUpload');
  const timers = vi.spyOn(globalThis, 'setTimeout');
  expect(await deliver({}, {}, registered)).toBe(204);
  expect(signals).toEqual([expect.any(AbortSignal)]);
  expect(timers.mock.calls).toContainEqual([expect.any(Function), 90_000]);
  timers.mockRestore();
});
