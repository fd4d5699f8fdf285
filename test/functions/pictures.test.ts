import { http } from '@google-cloud/functions-framework';
import { beforeAll, describe, expect, it } from 'vitest';
import { picturesFunction } from '../../functions/pictures.ts';
import { generatorFor, upscalerFor } from '../../lib/engines/engines.ts';
import { generateWith, planGenerateWith } from '../../lib/generate.ts';
import { startTracing } from '../../lib/trace/tracing.ts';
import { planUpscaleWith, upscaleWith } from '../../lib/upscale.ts';
import { fakeModel, modelSettings } from '../support/fake-model.ts';
import { pngBase64 } from '../support/inpaint-request.ts';
import { silentLog } from '../support/job-world.ts';
import { serveFunction } from '../support/listening.ts';

const settings = { ...modelSettings, modelBaseUrl: 'http://127.0.0.1:1' };
const fake = fakeModel({
  json: {
    predictions: [{ bytesBase64Encoded: pngBase64() }, { raiFilteredReason: 'Support codes: 39322892' }],
  },
});

const urls = new Map<string, string>();

beforeAll(async () => {
  const tuning = { fetch: fake.fetch };
  const allowedBuckets = ['pictures'];
  const shared = { deadlineMs: 10_000, maxImageBytes: 100_000, log: silentLog, tracing: startTracing() };
  const generate: Parameters<typeof generateWith>[0] = {
    allowedBuckets,
    generatorFor: ({ engine = 'imagen', model }) => generatorFor({ engine, model }, settings, tuning),
  };
  const upscale: Parameters<typeof upscaleWith>[0] = {
    shrink: async (picture) => picture,
    maxImageBytes: 100_000,
    allowedBuckets,
    upscalerFor: ({ engine = 'imagen', model }) => upscalerFor({ engine, model }, settings, tuning),
  };
  const free = { calls: { min: 1, max: 1 }, costEstimateUsd: null };
  const ofGenerate = {
    make: generateWith(generate),
    plan: async (value: unknown) => ({ ...(await planGenerateWith(generate)(value)), ...free }),
  };
  const ofUpscale = {
    make: upscaleWith(upscale),
    plan: async (value: unknown) => ({ ...(await planUpscaleWith(upscale)(value)), ...free }),
  };
  http('generate', picturesFunction({ ...shared, name: 'generate', pictures: async () => ofGenerate }));
  http('upscale', picturesFunction({ ...shared, name: 'upscale', pictures: async () => ofUpscale }));
  for (const name of ['generate', 'upscale']) {
    urls.set(name, await serveFunction(name));
  }
});

const post = (name: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(urls.get(name) ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

describe('generate', () => {
  it('answers every candidate as JSON', async () => {
    const response = await post('generate', { prompt: 'a lighthouse at dusk', samples: 2 });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      engine: 'imagen:imagen-4.0-generate-001',
      pictures: [
        { kind: 'image', mediaType: 'image/png', bytesBase64Encoded: pngBase64() },
        { kind: 'filtered', reason: 'person or face (39322892)' },
      ],
      enhancedPrompts: [],
      warnings: [],
      calls: 1,
    });
  });

  it('refuses wrong fields, other types and other methods', async () => {
    const wrong = await post('generate', { prompt: 'x', samples: 99 });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: { code: 'REQUEST_INVALID' } });
    const text = await post('generate', {}, { 'content-type': 'text/plain' });
    expect(text.status).toBe(400);
    expect((await fetch(urls.get('generate') ?? '')).status).toBe(405);
  });
});

it.each([
  ['generate', { prompt: 'a lighthouse at dusk' }],
  ['upscale', { image: pngBase64(), factor: 'x4' }],
])('%s refuses an image beside storageUri before the model is paid', async (name, body) => {
  const callsBefore = fake.seen.length;
  const stored = { ...body, storageUri: 'gs://pictures/out/' };
  const response = await post(name, stored, { accept: 'image/*' });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'REQUEST_INVALID' } });
  expect(fake.seen).toHaveLength(callsBefore);
  expect((await post(name, stored)).status).toBe(200);
  expect(fake.seen).toHaveLength(callsBefore + 1);
});
