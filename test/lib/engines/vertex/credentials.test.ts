import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { startMetadataServer } from '../../../../deploy/local/metadata-server.ts';
import { vertexPost } from '../../../../lib/engines/vertex/vertex.ts';
import { fakeClock, fakeModel } from '../../../support/fake-model.ts';

const call = {
  path: 'publishers/google/models/m:predict',
  body: {},
  model: 'm',
  successor: undefined,
  secrets: [],
};

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Posts with the credentials of a machine whose metadata server is at `host`. */
async function postFrom(host: string) {
  const noOther = { GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: '/nonexistent' };
  const environment = { GCE_METADATA_HOST: host, METADATA_SERVER_DETECTION: 'assume-present', ...noOther };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { fetch, seen } = fakeModel({});
  const { clock } = fakeClock();
  const post = vertexPost({ project: 'p', location: 'global', fetch, clock });
  const result: unknown = await post(call, new AbortController().signal).catch((error: unknown) => error);
  return { result, seen };
}

it('sends the token of Application Default Credentials', async () => {
  const metadata = await startMetadataServer({ accessToken: 'token-of-the-machine' });
  const { seen } = await postFrom(metadata.host);
  await metadata.close();
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer token-of-the-machine');
});

it('sends nothing to the model without credentials, and has a code for it', async () => {
  const refusing = createServer((_request, response) => {
    response.writeHead(403, { 'metadata-flavor': 'Google' }).end();
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const { result, seen } = await postFrom(`127.0.0.1:${(refusing.address() as AddressInfo).port}`);
  refusing.closeAllConnections();
  refusing.close();
  expect(result).toMatchObject({
    code: 'MODEL_PERMISSION',
    message: expect.stringContaining('Application Default Credentials'),
  });
  // The library hangs the request, with whatever token it carried, on its errors.
  expect(result).not.toHaveProperty('cause');
  expect(seen).toHaveLength(0);
});
