import { afterEach, expect, it, vi } from 'vitest';
import { startMetadataServer } from '../../../deploy/local/metadata-server.ts';
import { readConfig } from '../../../lib/config.ts';
import { wire } from '../../../lib/wiring.ts';
import { never, silentLog } from '../../support/job-world.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it('asks for credentials once for all its calls', async () => {
  const metadata = await startMetadataServer();
  const noOther = { GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: '/nonexistent' };
  for (const [name, value] of Object.entries({ ...metadata.environment, ...noOther }))
    vi.stubEnv(name, value);
  let calls = 0;
  const web = globalThis.fetch;
  const answered: typeof fetch = async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input);
    if (!host.endsWith('aiplatform.googleapis.com')) return web(input, init);
    calls += 1;
    return new Response('{}', { status: 404 });
  };
  vi.stubGlobal('fetch', answered);
  const config = readConfig({ ENGINE: 'gemini', GOOGLE_CLOUD_PROJECT: 'p' });
  const generate = await wire(config, silentLog).generate();
  for (let call = 0; call < 3; call++) {
    await expect(generate({ prompt: 'a boat' }, never)).rejects.toMatchObject({ code: 'MODEL_RETIRED' });
  }
  const tokens = metadata.paths().filter((path) => path.endsWith('/token')).length;
  await metadata.close();
  expect({ calls, tokens }).toEqual({ calls: 3, tokens: 1 });
});
