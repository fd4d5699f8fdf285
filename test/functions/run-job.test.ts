import { http } from '@google-cloud/functions-framework';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runJobFunction } from '../../functions/run-job.ts';
import { EditError } from '../../lib/errors.ts';
import { startTracing } from '../../lib/trace/tracing.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';

const seen: unknown[] = [];
let failure: Error | undefined;

http(
  'runJobTest',
  runJobFunction({
    async handle(upload) {
      seen.push(upload);
      if (failure !== undefined) throw failure;
    },
    deadlineMs: 10_000,
    log: silentLog,
    tracing: startTracing(),
  }),
);
let url: string;
beforeAll(async () => {
  url = await serveFunction('runJobTest');
});
beforeEach(() => {
  seen.length = 0;
  failure = undefined;
});

const task = { bucket: 'input', name: 'a.jpg', job: '0123456789abcdef' };
const post = (body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

describe('runJob behind the framework', () => {
  it('answers 200 when the job is over', async () => {
    expect((await post(task)).status).toBe(200);
    expect(seen).toEqual([{ bucket: 'input', name: 'a.jpg' }]);
  });

  it.each([
    ['MODEL_QUOTA', 429, '7'],
    ['BUSY', 503, '7'],
    ['MODEL_RETIRED', 503, '7'],
  ] as const)('answers %s with %d and Retry-After', async (code, status, seconds) => {
    failure = new EditError(code, 'Expected better', { retryAfterMs: 6500 });
    const response = await post(task);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(seconds);
  });

  it.each([
    ['nothing', {}],
    ['a job that is no name', { ...task, job: '../x' }],
    ['unknown fields', { ...task, gs: 'gs://other/x' }],
  ])('refuses a body that is no task: %s', async (_, body) => {
    expect((await post(body)).status).toBe(400);
    expect(seen).toEqual([]);
  });

  it('does not tell the caller the message of a bug', async () => {
    failure = new TypeError('Cannot read /workspace/secret');
    const response = await post(task);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain('INTERNAL');
    expect(text).not.toContain('secret');
  });
});
