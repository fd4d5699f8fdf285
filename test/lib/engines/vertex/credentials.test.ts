import { createServer } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { vertexPost } from '../../../../lib/engines/vertex/vertex.ts';
import { fakeClock, fakeModel } from '../../../support/fake-model.ts';
import { listenOn } from '../../../support/listening.ts';
import { startMetadataServer } from '../../../support/metadata-server.ts';

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

/** Posts with the credentials of a machine whose environment names its metadata server. */
async function postFrom(environment: Readonly<Record<string, string>>) {
  const noOther = { GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: '/nonexistent' };
  for (const [name, value] of Object.entries({ ...environment, ...noOther })) vi.stubEnv(name, value);
  const { fetch, seen } = fakeModel({});
  const { clock } = fakeClock();
  const post = vertexPost({ project: 'p', location: 'global', fetch, clock });
  const result: unknown = await post(call, new AbortController().signal).catch((error: unknown) => error);
  return { result, seen };
}

it('sends the token of Application Default Credentials', async () => {
  const metadata = await startMetadataServer('token-of-the-machine');
  const { seen } = await postFrom(metadata.environment);
  metadata.close();
  expect(seen[0]?.headers.get('authorization')).toBe('Bearer token-of-the-machine');
});

it('sends nothing to the model without credentials, and has a code for it', async () => {
  const refusing = createServer((_request, response) => {
    response.writeHead(403, { 'metadata-flavor': 'Google' }).end();
  });
  const { host } = new URL(await listenOn(refusing));
  const { result, seen } = await postFrom({
    GCE_METADATA_HOST: host,
    METADATA_SERVER_DETECTION: 'assume-present',
  });
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
