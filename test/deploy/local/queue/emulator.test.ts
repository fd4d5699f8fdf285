import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type QueueEmulator, startQueueEmulator } from '../../../../deploy/local/queue/emulator.ts';
import type { QueueLimits } from '../../../../deploy/local/queue/limits.ts';
import { listenOn } from '../../../support/listening.ts';
import { type ManualClock, manualClock } from '../../../support/manual-clock.ts';
import { eventually } from '../storage/support.ts';

const QUEUE = 'projects/p/locations/l/queues/jobs';
const HOUR_MS = 3_600_000;

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
  answer(status: number, headers?: Record<string, string>): void;
}

/** A handler that records each try and answers when told to, at once with `statuses` while there are any. */
async function handler(clock: ManualClock, statuses: (number | [number, string])[] = []) {
  const heard: Heard[] = [];
  const server = createServer(async (message, response) => {
    let body = '';
    for await (const chunk of message) body += chunk;
    const answer = (status: number, headers = {}) => void response.writeHead(status, headers).end();
    heard.push({ headers: message.headers, body, atMs: clock.now(), answer });
    const next = statuses.shift();
    if (next === undefined) return;
    if (typeof next === 'number') answer(next);
    else answer(next[0], { 'retry-after': next[1] });
  });
  const url = await listenOn(server);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { heard, url: `${url}/run` };
}

async function setUp(limits: QueueLimits = {}, statuses: (number | [number, string])[] = []) {
  const root = await mkdtemp(join(tmpdir(), 'queue-emulator-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const start = async (isPaused = false): Promise<QueueEmulator> => {
    const emulator = await startQueueEmulator({ root, name: QUEUE, limits, isPaused, clock });
    onTestFinished(() => emulator.close().catch(() => undefined));
    return emulator;
  };
  const emulator = await start();
  const target = await handler(clock, statuses);
  const create = async (id: string | undefined, more: object = {}, at = emulator) => {
    const httpRequest = {
      url: target.url,
      httpMethod: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.from(JSON.stringify({ id })).toString('base64'),
      oidcToken: { serviceAccountEmail: 'task@example.com', audience: target.url },
    };
    const name = id === undefined ? {} : { name: `${QUEUE}/tasks/${id}` };
    const task = { ...name, httpRequest, dispatchDeadline: '600s', ...more };
    const response = await fetch(`${at.url}/v2/${QUEUE}/tasks`, {
      method: 'POST',
      body: JSON.stringify({ task }),
    });
    return response.status;
  };
  const heardCount = (count: number) => eventually(() => expect(target.heard).toHaveLength(count));
  return { start, emulator, clock, create, heardCount, ...target };
}

describe('a task', () => {
  it('arrives as Cloud Tasks sends it, and is over with 2xx', async () => {
    const { emulator, create, heard } = await setUp({}, [204]);
    expect(await create('j1')).toBe(200);
    await emulator.idle();
    expect(heard).toHaveLength(1);
    expect(heard[0]?.body).toBe('{"id":"j1"}');
    expect(heard[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Google-Cloud-Tasks',
      'x-cloudtasks-queuename': 'jobs',
      'x-cloudtasks-taskname': 'j1',
      'x-cloudtasks-taskretrycount': '0',
      'x-cloudtasks-taskexecutioncount': '0',
    });
  });

  it('is taken once by name, while it lives and for an hour after', async () => {
    const { clock, create, emulator, heard, heardCount } = await setUp();
    expect(await create('j1')).toBe(200);
    expect(await create('j1')).toBe(409);
    await heardCount(1);
    heard[0]?.answer(200);
    await emulator.idle();
    clock.advance(HOUR_MS - 1);
    expect(await create('j1')).toBe(409);
    clock.advance(1);
    expect(await create('j1')).toBe(200);
    expect(await create(undefined)).toBe(200);
    expect(await create(undefined)).toBe(200);
  });

  it('waits for its schedule time', async () => {
    const { clock, create, heard, heardCount } = await setUp();
    await create('j1', { scheduleTime: new Date(clock.now() + 60_000).toISOString() });
    clock.advance(59_999);
    expect(heard).toHaveLength(0);
    clock.advance(1);
    await heardCount(1);
  });

  it.each([
    ['a name of another queue', { name: 'projects/p/locations/l/queues/other/tasks/x' }],
    ['a deadline of more than 30 minutes', { dispatchDeadline: '1801s' }],
    ['an unknown field', { target: 1 }],
    ['a schedule time too far away', { scheduleTime: '2026-02-01T00:00:01Z' }],
  ])('is refused with %s', async (_, more) => {
    const { create } = await setUp();
    expect(await create('j1', more)).toBe(400);
  });

  it('is refused by a queue that does not exist', async () => {
    const { emulator } = await setUp();
    const url = `${emulator.url}/v2/projects/p/locations/l/queues/none/tasks`;
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });
});

describe('a task that failed', () => {
  it('comes again after doubling pauses, for ever, saying how often it came', async () => {
    const statuses = [500, 404, 302, 429];
    const { clock, create, emulator, heard, heardCount } = await setUp(
      { minBackoffMs: 1000, maxBackoffMs: 5000 },
      [...statuses, 200],
    );
    await create('j1');
    for (const [i, waitMs] of [1000, 2000, 4000, 5000].entries()) {
      await heardCount(i + 1);
      await eventually(() => expect(clock.waiting()).toBe(1));
      clock.advance(waitMs - 1);
      expect(clock.waiting()).toBe(1);
      clock.advance(1);
    }
    await emulator.idle();
    const counts = heard.map(({ headers }) => headers['x-cloudtasks-taskretrycount']);
    expect(counts.join()).toBe('0,1,2,3,4');
    expect(heard.at(-1)?.headers['x-cloudtasks-taskpreviousresponse']).toBe('429');
  });

  it('waits as long as Retry-After says', async () => {
    const { clock, create, heardCount } = await setUp({ minBackoffMs: 1000 }, [[503, '90'], 200]);
    await create('j1');
    await heardCount(1);
    await eventually(() => expect(clock.waiting()).toBe(1));
    clock.advance(89_999);
    expect(clock.waiting()).toBe(1);
    clock.advance(1);
    await heardCount(2);
  });

  it('is deleted after the attempts allowed, when they are limited', async () => {
    const { clock, create, emulator, heard } = await setUp(
      { maxAttempts: 2, minBackoffMs: 1000 },
      [500, 500],
    );
    await create('j1');
    await eventually(() => expect(clock.waiting()).toBe(1));
    clock.advance(1000);
    await emulator.idle();
    expect(heard).toHaveLength(2);
  });

  it('comes again when its handler is out of reach', async () => {
    const { clock, create, emulator } = await setUp({ minBackoffMs: 1000 });
    await create('j1', { httpRequest: { url: 'http://127.0.0.1:9/' } });
    await eventually(() => expect(clock.waiting()).toBe(1));
    expect(emulator.list()).toMatchObject([{ dispatches: 1, responses: 0 }]);
  });
});

describe('a queue', () => {
  it('has no more under way than it may', async () => {
    const { create, heard, heardCount } = await setUp({ maxConcurrentDispatches: 2 });
    for (const id of ['a', 'b', 'c', 'd']) await create(id);
    await heardCount(2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toHaveLength(2);
    heard[0]?.answer(200);
    await heardCount(3);
  });

  it('sends no more a second than it may', async () => {
    const { clock, create, heard, heardCount } = await setUp({ maxDispatchesPerSecond: 2 });
    for (const id of ['a', 'b', 'c']) await create(id);
    await heardCount(1);
    clock.advance(499);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toHaveLength(1);
    clock.advance(1);
    await heardCount(2);
    clock.advance(500);
    await heardCount(3);
  });

  it('sends nothing while paused, also when it starts so with tasks of an earlier run', async () => {
    const { start, emulator, clock, create, heard, heardCount } = await setUp({}, [503, 204]);
    await create('a');
    await eventually(() => expect(clock.waiting()).toBe(1));
    emulator.pause();
    clock.advance(HOUR_MS);
    await emulator.close();
    const again = await start(true);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(heard).toHaveLength(1);
    again.resume();
    await heardCount(2);
    await again.idle();
  });

  it('keeps tasks, tries and taken names over a restart', async () => {
    const { start, emulator, clock, create, heard, heardCount } = await setUp(
      { minBackoffMs: 60_000 },
      [200, 500],
    );
    await create('done');
    await heardCount(1);
    await emulator.idle();
    await create('failed');
    await eventually(() => expect(clock.waiting()).toBe(1));
    await create('running');
    await heardCount(3);
    await emulator.close();

    const again = await start();
    await heardCount(4);
    expect(heard[3]?.headers['x-cloudtasks-taskname']).toBe('running');
    clock.advance(60_000);
    await heardCount(5);
    expect(heard[4]?.headers).toMatchObject({
      'x-cloudtasks-taskname': 'failed',
      'x-cloudtasks-taskretrycount': '1',
    });
    expect(await create('done', {}, again)).toBe(409);
  });
});
