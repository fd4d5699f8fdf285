import { describe, expect, it } from 'vitest';
import { upscalerFor } from '../../lib/engines/engines.ts';
import { upscaleWith } from '../../lib/upscale.ts';
import { fakeModel, modelSettings } from '../support/fake-model.ts';
import { pngBase64 } from '../support/inpaint-request.ts';

const settings = { ...modelSettings, modelBaseUrl: 'http://127.0.0.1:1' };

async function upscale(request: object) {
  const fake = fakeModel({
    json: {
      predictions: [{ bytesBase64Encoded: pngBase64(2048, 2048) }],
      candidates: [{ content: { parts: [{ inlineData: { data: pngBase64(2048, 2048) } }] } }],
    },
  });
  const run = upscaleWith({
    shrink: async (picture) => picture,
    maxImageBytes: 100_000,
    upscalerFor: ({ engine = 'imagen', model }) =>
      upscalerFor({ engine, model }, settings, { fetch: fake.fetch }),
    allowedBuckets: ['pictures'],
  });
  const reply = await run(request, new AbortController().signal).catch((error: unknown) => error);
  return { reply, seen: fake.seen, body: fake.seen[0]?.body };
}

const image = pngBase64(1024, 1024);

describe('Imagen', () => {
  it('sends an address instead of bytes', async () => {
    const { body } = await upscale({ imageUri: 'gs://pictures/a.png', storageUri: 'gs://pictures/big/' });
    expect(body?.instances[0]?.image).toEqual({ gcsUri: 'gs://pictures/a.png' });
    expect(body?.parameters.storageUri).toBe('gs://pictures/big/');
  });

  it.each([
    [{ targetSize: '2K' }, 'x2'],
    [{ targetSize: '4K' }, 'x4'],
    [{ targetSize: '4K', factor: 'x2' }, 'x2'],
    [{}, 'x2'],
  ])('takes the factor that %j needs', async (fields, factor) => {
    const { body } = await upscale({ image, model: 'imagegeneration@002', ...fields });
    expect(body?.parameters.upscaleConfig).toEqual({ upscaleFactor: factor });
  });

  it.each([
    ['a size that the picture has', { image, targetSize: '1K' }],
    ['a size out of reach', { image: pngBase64(700, 500), targetSize: '4K' }],
    ['a size beside an address', { imageUri: 'gs://pictures/a.png', targetSize: '2K' }],
  ])('refuses %s', async (_, request) => {
    const { reply, seen } = await upscale({ model: 'imagegeneration@002', ...request });
    expect(reply).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '#/targetSize' }] });
    expect(seen).toEqual([]);
  });

  it('takes x3 where the model does', async () => {
    const { body } = await upscale({ image, factor: 'x3', model: 'imagen-4.0-upscale-preview' });
    expect(body?.parameters.upscaleConfig).toEqual({ upscaleFactor: 'x3' });
    const { reply } = await upscale({ image, factor: 'x3', model: 'imagegeneration@002' });
    expect(reply).toMatchObject({ message: expect.stringContaining('factor x2, x4 for imagen') });
  });
});

describe('refused before anything is sent', () => {
  it.each<[object, RegExp]>([
    [{}, /either image or imageUri/],
    [{ image, imageUri: 'gs://pictures/a.png' }, /either image or imageUri/],
    [{ imageUri: 'gs://elsewhere/a.png' }, /allowed bucket, got another/],
    [{ image: Buffer.from('text').toString('base64') }, /PNG, JPEG or WebP/],
    [{ image, factor: 'x8' }, /factor/],
    [{ imageUri: 'gs://pictures/a.png', engine: 'gemini' }, /bytes of the picture for gemini/],
    [{ image: pngBase64(3000, 3000), engine: 'gemini' }, /fits a size of gemini.*6000 x 6000/],
    [{ image: pngBase64(2000, 900), engine: 'gemini' }, /nearest/],
  ])('%j', async (request, message) => {
    const { reply, seen } = await upscale(request);
    expect(reply).toMatchObject({ message: expect.stringMatching(message) });
    expect(seen).toHaveLength(0);
  });
});

it('has Gemini redraw the picture at the next size, and says what that means', async () => {
  const { body, reply } = await upscale({ image, engine: 'gemini' });
  expect(body?.generationConfig.imageConfig).toMatchObject({ aspectRatio: '1:1', imageSize: '2K' });
  expect(body?.contents[0]?.parts[1]).toEqual({ inlineData: { mimeType: 'image/png', data: image } });
  expect(reply).toMatchObject({ warnings: [expect.stringContaining('redraws the picture')] });
});
