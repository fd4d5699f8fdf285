import { describe, expect, it } from 'vitest';
import { EditError } from '../../../lib/errors.ts';
import { type QueueOptions, queueDispatch } from '../../../lib/jobs/queue.ts';
import { dropPair } from '../../support/failure-world.ts';
import { never, soleJob } from '../../support/job-world.ts';
import { memoryClient } from '../../support/memory-store.ts';

const job = await soleJob(memoryClient(dropPair()));

const withToken = async () => ({ Authorization: 'Bearer token' });

function queueAnswering(
  status: number | Error,
  authorize: QueueOptions['authorize'] = withToken,
  answer: unknown = {},
) {
  const sent: { url: string; body: Record<string, unknown>; headers: Record<string, string> }[] = [];
  const dispatch = queueDispatch({
    queue: 'projects/p/locations/l/queues/q',
    apiEndpoint: 'https://tasks.example',
    targetUrl: 'https://run-job.example',
    serviceAccount: 'worker@p.example',
    taskDeadlineMs: 600_000,
    authorize,
    traceHeaders: () => ({ traceparent: '00-1-2-01' }),
    async fetch(url, init) {
      if (status instanceof Error) throw status;
      const headers = init?.headers as Record<string, string>;
      sent.push({ url: String(url), body: JSON.parse(String(init?.body)), headers });
      return new Response(JSON.stringify(answer), { status });
    },
  });
  return { dispatch, sent };
}

describe('queueDispatch', () => {
  it('creates a task named by the job that carries only the name of the object', async () => {
    const { dispatch, sent } = queueAnswering(200);
    await dispatch(job, never);
    expect(sent[0]?.url).toBe('https://tasks.example/v2/projects/p/locations/l/queues/q/tasks');
    expect(sent[0]?.headers['Authorization']).toBe('Bearer token');
    const task = sent[0]?.body['task'] as { httpRequest: { body: string } };
    expect(task).toMatchObject({
      name: `projects/p/locations/l/queues/q/tasks/${job.id}`,
      dispatchDeadline: '600s',
      httpRequest: {
        url: 'https://run-job.example',
        headers: { 'Content-Type': 'application/json', traceparent: '00-1-2-01' },
        oidcToken: { serviceAccountEmail: 'worker@p.example', audience: 'https://run-job.example' },
      },
    });
    const body = JSON.parse(Buffer.from(task.httpRequest.body, 'base64').toString());
    expect(body).toEqual({ bucket: 'input', name: 'd/p.jpg', job: job.id });
  });

  it('takes a task that is there already for success', async () => {
    await expect(queueAnswering(409).dispatch(job, never)).resolves.toBeUndefined();
  });

  it.each([
    [429, 'QUEUE_UNAVAILABLE'],
    [503, 'QUEUE_UNAVAILABLE'],
    [403, 'QUEUE_PERMISSION'],
    [404, 'QUEUE_PERMISSION'],
    [new TypeError('fetch failed'), 'QUEUE_UNAVAILABLE'],
  ])('does not let the event be acknowledged after %s', async (status, code) => {
    await expect(queueAnswering(status).dispatch(job, never)).rejects.toMatchObject({ code });
  });

  it('tells what Cloud Tasks said and which right or limit it named, without what looks like a token', async () => {
    const details = [
      { reason: 'IAM_PERMISSION_DENIED', metadata: { permission: 'cloudtasks.tasks.create' } },
    ];
    const answer = { error: { message: `Denied for ${'k'.repeat(80)}`, details } };
    await expect(queueAnswering(403, withToken, answer).dispatch(job, never)).rejects.toMatchObject({
      message:
        'Expected Cloud Tasks to take a task for projects/p/locations/l/queues/q, got 403: Denied for ...',
      details: { httpStatus: 403, errorDetails: expect.stringContaining('cloudtasks.tasks.create') },
    });
  });

  it.each([
    ['MODEL_PERMISSION', 'QUEUE_PERMISSION'],
    ['CONFIG_INVALID', 'CONFIG_INVALID'],
  ] as const)('takes missing credentials for a fault of the set-up: %s', async (thrown, code) => {
    const { dispatch, sent } = queueAnswering(200, async () => {
      throw new EditError(thrown, 'Expected Application Default Credentials, got: none');
    });
    await expect(dispatch(job, never)).rejects.toMatchObject({ code, kind: 'setup' });
    expect(sent).toEqual([]);
  });
});
