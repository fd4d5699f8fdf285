import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';

import { type VertexCall, type VertexOptions, vertexPost } from '../../../../lib/engines/vertex/vertex.ts';
import { EditError } from '../../../../lib/errors.ts';
import { errorOf } from '../../../support/error-of.ts';
import { type FakeAnswer, fakeClock, fakeModel } from '../../../support/fake-model.ts';
import { listenOn } from '../../../support/listening.ts';

const never = new AbortController().signal;

const call: VertexCall = {
  path: 'publishers/google/models/painter-1:predict',
  body: { instances: [{ prompt: 'a secret garden at noon' }] },
  model: 'painter-1',
  successor: 'painter-2',
  secrets: ['a secret garden at noon', undefined],
};

function setUp(answers: readonly FakeAnswer[], options: Partial<VertexOptions> = {}) {
  const model = fakeModel(...answers);
  const time = fakeClock();
  const post = vertexPost({
    project: 'my-project',
    location: 'us-central1',
    authorize: async () => new Headers({ authorization: 'Bearer token-1' }),
    fetch: model.fetch,
    clock: time.clock,
    random: () => 0.5,
    ...options,
  });
  return { ...time, post, seen: model.seen };
}

describe('vertexPost', () => {
  it('posts the body with a token to the model below project and location', async () => {
    const { post, seen } = setUp([{ json: { predictions: [] } }]);
    expect(await post(call, never)).toEqual({ value: { predictions: [] }, calls: 1 });
    expect(seen[0]?.url).toBe(
      'https://us-central1-aiplatform.googleapis.com/v1/projects/my-project/locations/us-central1/publishers/google/models/painter-1:predict',
    );
    expect(seen[0]?.headers.get('authorization')).toBe('Bearer token-1');
    expect(seen[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(seen[0]?.body).toEqual(call.body);
  });

  it('asks for no credentials on plain-http loopback', async () => {
    const authorize = () => Promise.reject(new Error('must not be asked'));
    const { post, seen } = setUp([{}], { baseUrl: 'http://127.0.0.1:9090/', authorize });
    await post(call, never);
    expect(seen[0]?.url).toMatch(/^http:\/\/127\.0\.0\.1:9090\/v1\/projects\//);
    expect(seen[0]?.headers.has('authorization')).toBe(false);
  });

  it.each([
    [400, 'ENGINE_REJECTED'],
    [401, 'MODEL_PERMISSION'],
    [403, 'MODEL_PERMISSION'],
    [404, 'MODEL_RETIRED'],
    [408, 'MODEL_UNAVAILABLE'],
    [413, 'ENGINE_REJECTED'],
    [429, 'MODEL_QUOTA'],
    [500, 'MODEL_UNAVAILABLE'],
    [502, 'MODEL_UNAVAILABLE'],
    [503, 'MODEL_UNAVAILABLE'],
    [504, 'MODEL_UNAVAILABLE'],
    [302, 'CONFIG_INVALID'],
  ])('translates %i to %s', async (status, code) => {
    const { post } = setUp([{ status, json: { error: { code: status, message: 'no', status: 'X' } } }]);
    const error = await errorOf(post(call, never));
    expect(error.code).toBe(code);
    const calls = ['MODEL_UNAVAILABLE', 'MODEL_QUOTA'].includes(code) ? 3 : 1;
    const where = { model: 'painter-1', location: 'us-central1' };
    expect(error.details).toMatchObject({ ...where, httpStatus: status, calls });
  });

  it('names the retired model and what to set instead', async () => {
    const { post, seen } = setUp([{ status: 404 }]);
    const error = await errorOf(post(call, never));
    expect(error.message).toContain('painter-1');
    expect(error.message).toContain('set MODEL to painter-2');
    expect(error.details).toMatchObject({ successor: 'painter-2', calls: 1 });
    expect(seen).toHaveLength(1);
  });

  it('tells a prompt blocked by policy from a malformed request, with a readable reason', async () => {
    const message =
      "The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI practices. Support codes: 29310472";
    const { post } = setUp([{ status: 400, json: { error: { message, status: 'INVALID_ARGUMENT' } } }]);
    const error = await errorOf(post(call, never));
    expect(error.code).toBe('ENGINE_REFUSED');
    expect(error.message).toContain('celebrity (29310472)');
  });

  it('takes a failed precondition for a fault of the set-up', async () => {
    const { post } = setUp([
      { status: 400, json: { error: { message: 'Billing.', status: 'FAILED_PRECONDITION' } } },
    ]);
    expect((await errorOf(post(call, never))).code).toBe('MODEL_PERMISSION');
  });

  it('withholds messages that quote the prompt, and cuts base64 (G25)', async () => {
    const quoting = { error: { message: 'Invalid value: "secret garden at"', status: 'INVALID_ARGUMENT' } };
    const first = await errorOf(setUp([{ status: 400, json: quoting }]).post(call, never));
    expect(first.message).not.toContain('garden');
    const dumping = { error: { message: `Cannot decode ${'QUJD'.repeat(50)}`, status: 'INVALID_ARGUMENT' } };
    const second = await errorOf(setUp([{ status: 400, json: dumping }]).post(call, never));
    expect(second.message).toContain('Cannot decode ...');
    expect(JSON.stringify([second.message, second.details])).not.toContain('QUJDQUJD');
  });

  it('never lets a token into an error (G25)', async () => {
    const { post } = setUp([{ fault: new TypeError('fetch failed: Bearer token-1') }]);
    const error = await errorOf(post(call, never));
    expect(JSON.stringify([error.message, error.details, error.cause])).not.toContain('token-1');
  });
});

describe('retry', () => {
  it.each([
    [0, [1000, 2000]],
    [0.999, [1999, 3998]],
  ])('pauses at least one second, jitter %d', async (jitter, pauses) => {
    const { post, slept } = setUp([{ status: 429 }], { random: () => jitter });
    const error = await errorOf(post(call, never));
    expect(error.details).toMatchObject({ calls: 3 });
    expect(slept).toEqual(pauses);
  });

  it('does not repeat what may be billed, and names only the code of the connection (G19)', async () => {
    const fault = (code: string) => ({ fault: new TypeError('fetch failed', { cause: { code } }) });
    const replies = [{ status: 503 }, fault('ENOTFOUND'), fault('ECONNRESET'), { json: {} }];
    const { post, seen } = setUp(replies, { maxTries: 9 });
    expect(await errorOf(post(call, never))).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      details: { reason: 'ECONNRESET', calls: 3 },
      billing: { calls: 3, mayBeBilled: true },
    });
    expect(seen).toHaveLength(3);
  });

  it.each([
    ['seconds', '7', 7000],
    ['a date', new Date(Date.UTC(2026, 0, 1, 0, 0, 9)).toUTCString(), 9000],
  ])('waits as long as Retry-After says, as %s', async (_, header, pauseMs) => {
    const { post, slept } = setUp([{ status: 429, headers: { 'retry-after': header } }, {}]);
    await post(call, never);
    expect(slept).toEqual([pauseMs]);
  });

  it('leaves a long wait to the caller instead of holding the worker', async () => {
    const { post, slept, seen } = setUp([{ status: 429, headers: { 'retry-after': '120' } }]);
    const error = await errorOf(post(call, never));
    expect(error).toMatchObject({ code: 'MODEL_QUOTA', retryAfterMs: 120_000 });
    expect(slept).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  it('starts no pause that would outlast the deadline', async () => {
    const { post, slept } = setUp([{ status: 503 }], { deadlineMs: 2000 });
    expect((await errorOf(post(call, never))).code).toBe('MODEL_UNAVAILABLE');
    expect(slept).toEqual([1500]);
  });
});

describe('time and size limits', () => {
  it.each([
    [new DOMException('stop', 'AbortError'), 'CANCELLED'],
    [new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    [new EditError('BUSY', 'shutting down'), 'BUSY'],
  ])('ends with the reason of the caller: %s', async (reason, code) => {
    const { post } = setUp([{ hang: true }]);
    const caller = new AbortController();
    const pending = errorOf(post(call, caller.signal));
    await new Promise((resolve) => setImmediate(resolve));
    caller.abort(reason);
    expect((await pending).code).toBe(code);
  });

  it('sends nothing when it is cancelled already', async () => {
    const { post, seen } = setUp([{}]);
    expect((await errorOf(post(call, AbortSignal.abort()))).code).toBe('CANCELLED');
    expect(seen).toHaveLength(0);
  });

  it('refuses a reply over its limit, and one that is no JSON', async () => {
    const large = setUp([{ json: 'x'.repeat(2000) }], { maxReplyBytes: 1000 });
    expect((await errorOf(large.post(call, never))).code).toBe('ENGINE_BAD_REPLY');
    const html = setUp([{ text: '<html>' }]);
    expect((await errorOf(html.post(call, never))).code).toBe('ENGINE_BAD_REPLY');
  });
});

describe('over a real socket', () => {
  it('does not repeat an answer that breaks off in the middle: the model has worked', async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"half":');
      setImmediate(() => response.socket?.destroy());
    });
    const baseUrl = await listenOn(server);
    try {
      const { post } = setUp([], { baseUrl, fetch: undefined });
      expect(await errorOf(post(call, never))).toMatchObject({
        code: 'ENGINE_BAD_REPLY',
        details: { calls: 1, mayBeBilled: true },
      });
      expect(requests).toBe(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('does not follow a redirect', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url);
      response.writeHead(seen.length === 1 ? 307 : 200, { location: '/elsewhere' }).end('{}');
    });
    const baseUrl = await listenOn(server);
    try {
      const { post } = setUp([], { baseUrl, fetch: undefined });
      expect((await errorOf(post(call, never))).code).toBe('CONFIG_INVALID');
      expect(seen).toHaveLength(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('is not billed for calls to a closed port', async () => {
    const server = createServer();
    const baseUrl = await listenOn(server);
    await new Promise((resolve) => server.close(resolve));
    const { post } = setUp([], { baseUrl, fetch: undefined });
    expect(await errorOf(post(call, never))).toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      details: { calls: 3, reason: 'ECONNREFUSED', mayBeBilled: false },
    });
  });
});

describe('whether a call may be billed', () => {
  const broken = { fault: new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }) };
  const unknownHost = { fault: new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }) };

  it.each([
    ['an outage', [{ status: 503 }], false],
    ['a quota', [{ status: 429 }], false],
    ['no such host', [unknownHost], false],
    ['a connection that broke', [broken], true],
    ['a connection that broke before an outage', [broken, { status: 503 }], true],
    ['an outage before a connection that broke', [{ status: 503 }, { status: 503 }, broken], true],
    ['an answer that is no JSON', [{ text: '<html>' }], true],
  ] as const)('%s', async (_, answers, mayBeBilled) => {
    const { billing } = await errorOf(setUp(answers).post(call, never));
    expect(billing).toMatchObject({ mayBeBilled });
  });

  it('not when the deadline comes between tries, but when it comes in one', async () => {
    const { clock, expire: passDeadline } = fakeClock();
    const sleep = async (_ms: number, signal: AbortSignal) => {
      passDeadline();
      signal.throwIfAborted();
    };
    const between = setUp([{ status: 503 }], { clock: { ...clock, sleep } });
    expect(await errorOf(between.post(call, never))).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      billing: { mayBeBilled: false },
    });
    const { post, expire } = setUp([{ hang: true }]);
    const pending = errorOf(post(call, never));
    await new Promise((resolve) => setImmediate(resolve));
    expire();
    expect((await pending).billing).toEqual({ calls: 1, mayBeBilled: true });
  });
});
