import { describe, expect, it } from 'vitest';
import { chooseEngine, engineFor, generatorFor, parseEngineName } from '../../../lib/engines/engines.ts';
import type { ModelSettings } from '../../../lib/engines/entry.ts';
import { modelEntry, modelNotices } from '../../../lib/engines/models.ts';
import { engineOnFake, modelSettings } from '../../support/fake-model.ts';
import { labelCodec, pngBase64, removalRequest } from '../../support/inpaint-request.ts';

it.each([
  ['patchmatch', 'patchmatch', undefined],
  ['imagen:imagen-3.0-capability-001', 'imagen', 'imagen-3.0-capability-001'],
  ['endpoint:projects/p:7', 'endpoint', 'projects/p:7'],
])('%s is engine %s and model %s', (name, engine, model) => {
  expect(parseEngineName(name)).toEqual({ engine, model });
});

async function requestTo(
  name: 'imagen' | 'imagen2' | 'endpoint',
  settings: Partial<ModelSettings> = {},
  model?: string,
) {
  const answer = name === 'endpoint' ? pngBase64() : { bytesBase64Encoded: pngBase64() };
  const answers = [{ json: { predictions: [answer] } }];
  const { engine, seen } = await engineOnFake(name, answers, { model, settings });
  await engine.inpaint(removalRequest(), new AbortController().signal);
  return seen[0];
}

describe('engineFor', () => {
  it('names the engines that can, and none whose model is retired', async () => {
    const { engine } = await engineOnFake('patchmatch', []);
    const insertion = { ...removalRequest(), mode: 'insertion', prompt: 'a red boat' } as const;
    await expect(engine.inpaint(insertion, new AbortController().signal)).rejects.toThrow(
      'Expected ENGINE gemini or endpoint for insertion, got patchmatch',
    );
  });

  it('calls Imagen where it is served, not in global', async () => {
    expect((await requestTo('imagen'))?.url).toMatch(
      /^https:\/\/us-central1-aiplatform.*imagen-3\.0-capability-001/,
    );
    expect((await requestTo('imagen', { location: 'europe-west2' }))?.url).toMatch(
      /^https:\/\/europe-west2-/,
    );
    await expect(requestTo('imagen', { location: 'global' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('needs no project on loopback, and one beyond', async () => {
    const local = { project: undefined, modelBaseUrl: 'http://127.0.0.1:9' };
    expect((await requestTo('imagen2', local))?.url).toContain('/v1/projects/local/');
    await expect(requestTo('imagen2', { project: undefined })).rejects.toThrow('GOOGLE_CLOUD_PROJECT');
  });

  it('takes an unknown model at its word, and a known one only for its own API', async () => {
    expect((await requestTo('imagen', {}, 'imagen-9'))?.url).toContain('/models/imagen-9:predict');
    await expect(requestTo('imagen', {}, 'gemini-3-pro-image')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const models = { 'gemini-3-pro-image': { apis: ['imagen' as const], location: 'europe-west4' } };
    expect((await requestTo('imagen', { models }, 'gemini-3-pro-image'))?.url).toContain('europe-west4-');
  });

  it.each(['../evil', 'a/b', 'a b', 'a?b'])('refuses the model id %j', async (model) => {
    await expect(requestTo('imagen', {}, model)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('sends the documented body to an endpoint', async () => {
    await expect(requestTo('endpoint')).rejects.toThrow('ENDPOINT_ID');
    const seen = await requestTo('endpoint', { endpointId: '123' });
    expect(seen?.url).toMatch(/\/locations\/us-central1\/endpoints\/123:predict$/);
    expect(seen?.body).toEqual({ instances: [{ prompt: '', image: 'Y3JvcA==', mask_image: 'bWFzaw==' }] });
  });

  it('offers Gemini only the sizes its model has', async () => {
    const models = { small: { apis: ['gemini' as const], imageSizes: ['1K' as const] } };
    const { frames } = await engineFor(
      { engine: 'gemini', model: 'small' },
      { ...modelSettings, models },
      { codec: labelCodec },
    );
    expect(frames.kind === 'fixed' && frames.sizes).toHaveLength(10);
  });
});

it('counts the calls of every candidate, also of those that failed', async () => {
  const json = { predictions: [null] };
  const { engine } = await engineOnFake('endpoint', [{ json }, { status: 404 }], {
    settings: { endpointId: '1' },
  });
  await expect(
    engine.inpaint(removalRequest({ samples: 3 }), new AbortController().signal),
  ).rejects.toMatchObject({ code: 'MODEL_RETIRED', billing: { calls: 2, mayBeBilled: true } });
});

it('refuses to make whole pictures with an engine that cannot', async () => {
  await expect(generatorFor({ engine: 'endpoint', model: '1' }, modelSettings)).rejects.toMatchObject({
    code: 'ENGINE_UNSUPPORTED',
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

it.each([
  ['imagen-3.0-capability-001', '2026-01-01', /retired.*gemini-nano-banana-2\.1/],
  ['gemini-3.1-flash-image', '2027-03-01', /until 2027-05-28.*gemini-nano-banana-2\.1/],
  ['gemini-3.1-flash-image', '2026-12-01', undefined],
  ['gemini-nano-banana-2.1', '2029-01-01', undefined],
  ['nobody-described', '2026-01-01', undefined],
] as const)('says of %s on %s: %s', (model, day, said) => {
  const notices = modelNotices(model, modelEntry(model), Date.parse(day));
  expect(notices).toEqual(said === undefined ? [] : [expect.stringMatching(said)]);
});
