import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import { generateRequestSchema } from '../../../lib/requests/picture-requests.ts';
import { wire } from '../../../lib/wiring.ts';
import { never, silentLog } from '../../support/job-world.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it('asks for credentials once, whatever is called and however often', async () => {
  let tokens = 0;
  const metadata = createServer((request, response) => {
    const isToken = request.url?.includes('/token');
    if (isToken) tokens += 1;
    response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' });
    response.end(isToken ? '{"access_token":"t","expires_in":3600,"token_type":"Bearer"}' : '{}');
  });
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${(metadata.address() as AddressInfo).port}`);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent');
  let asked = 0;
  const web = globalThis.fetch;
  const answered: typeof fetch = async (input, init) => {
    const { host } = new URL(input instanceof Request ? input.url : input);
    if (!host.endsWith('aiplatform.googleapis.com')) return web(input, init);
    asked += 1;
    return new Response('{}', { status: 404 });
  };
  vi.stubGlobal('fetch', answered);
  try {
    const config = readConfig({ ENGINE: 'gemini', GOOGLE_CLOUD_PROJECT: 'p' });
    const { make: generate } = await wire(config, silentLog).generate();
    const request = generateRequestSchema.parse({ prompt: 'a boat' });
    for (let call = 0; call < 3; call++) {
      await expect(generate(request, never)).rejects.toMatchObject({ code: 'MODEL_RETIRED' });
    }
    expect({ asked, tokens }).toEqual({ asked: 3, tokens: 1 });
  } finally {
    metadata.closeAllConnections();
    metadata.close();
  }
});

it('warns of a retired model when it starts, and goes on', () => {
  const warned: string[] = [];
  const log = { ...silentLog, warn: (line: string) => void warned.push(line) };
  for (const ENGINE of ['imagen', 'gemini', 'patchmatch']) {
    wire(readConfig({ ENGINE, GOOGLE_CLOUD_PROJECT: 'p' }), log);
  }
  expect(warned).toEqual([expect.stringContaining('imagen-3.0-capability-001 is retired')]);
});

it('warns where a flex call may be stopped before its end', () => {
  const warningsOf = (environment: Record<string, string>) => {
    const warned: string[] = [];
    const log = { ...silentLog, warn: (line: string) => void warned.push(line) };
    wire(readConfig({ ENGINE: 'gemini', GOOGLE_CLOUD_PROJECT: 'p', ...environment }), log);
    return warned;
  };
  expect(warningsOf({ MODEL_TIER: 'flex' })).toEqual([expect.stringContaining('EDIT_DEADLINE_MS')]);
  expect(warningsOf({ MODEL_TIER: 'flex', EDIT_DEADLINE_MS: '1760000' })).toEqual([]);
});
