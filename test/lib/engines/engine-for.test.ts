import { describe, expect, it } from 'vitest';
import { chooseEngine, type ModelSettings, modelEngineFor } from '../../../lib/engines/engine-for.ts';
import { fakeModel } from '../../support/fake-model.ts';
import { labelCodec, pngBase64, removalRequest } from '../../support/inpaint-request.ts';

const settings: ModelSettings = {
  project: 'p',
  location: undefined,
  modelBaseUrl: undefined,
  endpointId: undefined,
  models: {},
};

async function urlOf(
  engine: 'imagen' | 'imagen2' | 'endpoint',
  overrides: Partial<ModelSettings> = {},
  model?: string,
) {
  const answer = engine === 'endpoint' ? pngBase64() : { bytesBase64Encoded: pngBase64() };
  const fake = fakeModel({ json: { predictions: [answer] } });
  const tuning = { fetch: fake.fetch, authorize: async () => new Headers() };
  const made = modelEngineFor(
    { engine, model },
    { ...settings, ...overrides },
    { codec: labelCodec, tuning },
  );
  await made.inpaint(removalRequest(), new AbortController().signal);
  return fake.seen[0];
}

describe('modelEngineFor', () => {
  it('calls Imagen where it is served, not in global', async () => {
    expect((await urlOf('imagen'))?.url).toMatch(
      /^https:\/\/us-central1-aiplatform.*imagen-3\.0-capability-001/,
    );
    expect((await urlOf('imagen', { location: 'europe-west2' }))?.url).toMatch(/^https:\/\/europe-west2-/);
    await expect(urlOf('imagen', { location: 'global' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('needs no project on loopback, and one beyond', async () => {
    const local = { project: undefined, modelBaseUrl: 'http://127.0.0.1:9' };
    expect((await urlOf('imagen2', local))?.url).toContain('/v1/projects/local/');
    await expect(urlOf('imagen2', { project: undefined })).rejects.toMatchObject({
      message: expect.stringContaining('GOOGLE_CLOUD_PROJECT'),
    });
  });

  it('takes an unknown model at its word, and a known one only for its own API', async () => {
    expect((await urlOf('imagen', {}, 'imagen-9'))?.url).toContain('/models/imagen-9:predict');
    await expect(urlOf('imagen', {}, 'gemini-3-pro-image')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const models = { 'gemini-3-pro-image': { apis: ['imagen' as const], location: 'europe-west4' } };
    expect((await urlOf('imagen', { models }, 'gemini-3-pro-image'))?.url).toContain('europe-west4-');
  });

  it.each(['../evil', 'a/b', 'a b', 'a?b'])('refuses the model id %j', async (model) => {
    await expect(urlOf('imagen', {}, model)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('sends the documented body to an endpoint', async () => {
    await expect(urlOf('endpoint')).rejects.toMatchObject({
      message: expect.stringContaining('ENDPOINT_ID'),
    });
    const seen = await urlOf('endpoint', { endpointId: '123' });
    expect(seen?.url).toMatch(/\/locations\/us-central1\/endpoints\/123:predict$/);
    expect(seen?.body).toEqual({ instances: [{ prompt: '', image: 'Y3JvcA==', mask_image: 'bWFzaw==' }] });
  });

  it('offers Gemini only the sizes its model has', () => {
    const models = { small: { apis: ['gemini' as const], imageSizes: ['1K' as const] } };
    const made = modelEngineFor(
      { engine: 'gemini', model: 'small' },
      { ...settings, models },
      { codec: labelCodec },
    );
    expect(made.frames.kind === 'fixed' && made.frames.sizes).toHaveLength(10);
    expect(made.masks).toBe('described');
  });
});

describe('chooseEngine', () => {
  const configured = { engine: 'gemini', model: 'g-1' } as const;

  it('keeps the configured choice, also when it is named', () => {
    expect(chooseEngine({}, configured, [])).toEqual(configured);
    expect(chooseEngine({ engine: 'gemini', model: 'g-1' }, configured, [])).toEqual(configured);
  });

  it('takes another model or engine from the list only', () => {
    expect(chooseEngine({ model: 'g-2' }, configured, ['g-2'])).toEqual({ engine: 'gemini', model: 'g-2' });
    expect(chooseEngine({ engine: 'patchmatch' }, configured, ['patchmatch'])).toEqual({
      engine: 'patchmatch',
      model: undefined,
    });
    expect(() => chooseEngine({ model: 'g-3' }, configured, ['g-2'])).toThrow(
      expect.objectContaining({ code: 'ENGINE_UNSUPPORTED' }),
    );
    expect(() => chooseEngine({ engine: 'imagen' }, configured, ['g-2'])).toThrow('ALLOWED_MODELS (g-2)');
    expect(() => chooseEngine({ engine: 'imagen', model: 'i-2' }, configured, ['imagen'])).toThrow('i-2');
  });
});
