import { afterEach, expect, it, vi } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import { generateRequestSchema } from '../../../lib/requests/picture-requests.ts';
import { wire } from '../../../lib/wiring.ts';
import { never, silentLog } from '../../support/job-world.ts';
import { startMetadataServer } from '../../support/metadata-server.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it('asks for credentials once, whatever is called and however often', async () => {
  const metadata = await startMetadataServer();
  const noOther = { GOOGLE_APPLICATION_CREDENTIALS: '', CLOUDSDK_CONFIG: '/nonexistent' };
  for (const [name, value] of Object.entries({ ...metadata.environment, ...noOther }))
    vi.stubEnv(name, value);
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
    expect({ asked, tokens: metadata.tokens() }).toEqual({ asked: 3, tokens: 1 });
  } finally {
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
