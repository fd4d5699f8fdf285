import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type VertexOptions, vertexPost } from '../../../../lib/engines/vertex/vertex.ts';
import { fakeClock, fakeModel } from '../../../support/fake-model.ts';

const never = new AbortController().signal;
const call = {
  path: 'publishers/google/models/m:predict',
  body: {},
  model: 'm',
  successor: undefined,
  secrets: [],
};

/** The metadata server of a machine on Google Cloud: what the real library asks for tokens. */
let metadata: Server;
let status = 200;

beforeEach(async () => {
  status = 200;
  metadata = createServer((request, response) => {
    response.writeHead(status, { 'metadata-flavor': 'Google', 'content-type': 'application/json' });
    const isToken = request.url?.includes('/token');
    response.end(
      isToken ? '{"access_token":"token-of-the-machine","expires_in":3600,"token_type":"Bearer"}' : '{}',
    );
  });
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(metadata.address() as AddressInfo).port}`);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent');
});

afterEach(() => {
  vi.unstubAllEnvs();
  metadata.closeAllConnections();
  metadata.close();
});

function setUp(options: Partial<VertexOptions> = {}) {
  const fake = fakeModel({});
  const { clock } = fakeClock();
  const post = vertexPost({ project: 'p', location: 'global', fetch: fake.fetch, clock, ...options });
  return { post, seen: fake.seen };
}

it('sends the token of Application Default Credentials', async () => {
  const { post, seen } = setUp();
  await post(call, never);
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer token-of-the-machine');
});

it('sends nothing to the model without credentials, and says so by code', async () => {
  status = 403;
  const { post, seen } = setUp();
  const error: unknown = await post(call, never).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'MODEL_PERMISSION',
    message: expect.stringContaining('Application Default Credentials'),
  });
  // The library hangs the request, with whatever token it carried, on its errors.
  expect(error).not.toHaveProperty('cause');
  expect(seen).toHaveLength(0);
});
