import { describe, expect, it } from 'vitest';
import { generatorFor } from '../../lib/engines/engines.ts';
import { generateWith } from '../../lib/generate.ts';
import { type FakeAnswer, fakeModel, modelSettings } from '../support/fake-model.ts';
import { pngBase64 } from '../support/inpaint-request.ts';

const settings = { ...modelSettings, modelBaseUrl: 'http://127.0.0.1:1' };
const imagenPicture = { json: { predictions: [{ bytesBase64Encoded: pngBase64(), prompt: 'enhanced' }] } };
const geminiPicture = {
  json: {
    candidates: [{ content: { parts: [{ inlineData: { data: pngBase64() } }] }, finishReason: 'STOP' }],
  },
};

async function generate(request: object, answer: FakeAnswer = imagenPicture) {
  const fake = fakeModel(answer);
  const run = generateWith({
    generatorFor: ({ engine = 'imagen', model }) =>
      generatorFor({ engine, model }, settings, { fetch: fake.fetch }),
    allowedBuckets: ['pictures'],
  });
  const reply = await run(request, new AbortController().signal).catch((error: unknown) => error);
  return { reply, seen: fake.seen, body: fake.seen[0]?.body };
}

const prompt = 'a lighthouse at dusk';

describe('Imagen', () => {
  it('adds no watermark by older models unless it is asked for, so that a seed needs no further word', async () => {
    const old = { prompt, model: 'imagegeneration@005', seed: 7 };
    expect((await generate(old)).body?.parameters).toMatchObject({ seed: 7, addWatermark: false });
    const asked = await generate({ ...old, seed: undefined, addWatermark: true });
    expect(asked.body?.parameters['addWatermark']).toBe(true);
    expect((await generate({ prompt, seed: 7 })).reply).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('sends the documented body and gives the enhanced prompt', async () => {
    const { reply, body, seen } = await generate({ prompt });
    expect(seen[0]?.url).toMatch(
      /us-central1\/publishers\/google\/models\/imagen-4\.0-generate-001:predict$/,
    );
    expect(body).toEqual({
      instances: [{ prompt }],
      parameters: {
        sampleCount: 1,
        aspectRatio: '1:1',
        sampleImageSize: '1K',
        includeRaiReason: true,
        outputOptions: { mimeType: 'image/png' },
      },
    });
    expect(reply).toMatchObject({
      engine: 'imagen:imagen-4.0-generate-001',
      outcomes: [{ kind: 'image' }],
      enhancedPrompts: ['enhanced'],
      warnings: [],
    });
  });

  it('gives addresses of pictures the model stored', async () => {
    const stored = { json: { predictions: [{ gcsUri: 'gs://pictures/out/1.png', mimeType: 'image/png' }] } };
    const { reply, body } = await generate({ prompt, storageUri: 'gs://pictures/out/' }, stored);
    expect(body?.parameters.storageUri).toBe('gs://pictures/out/');
    expect(reply).toMatchObject({
      outcomes: [{ kind: 'stored', uri: 'gs://pictures/out/1.png', mediaType: 'image/png' }],
    });
  });

  it('leaves the negative prompt to models that take it', async () => {
    const newer = await generate({ prompt, negativePrompt: 'fog' });
    expect(newer.body?.parameters).not.toHaveProperty('negativePrompt');
    expect(newer.reply).toMatchObject({ warnings: [expect.stringContaining('negativePrompt')] });
    const older = await generate({ prompt, negativePrompt: 'fog', model: 'imagen-3.0-generate-001' });
    expect(older.body?.parameters.negativePrompt).toBe('fog');
    expect(older.body?.parameters).not.toHaveProperty('sampleImageSize');
  });

  it('allows eight samples at imagegeneration@002 only', async () => {
    expect(
      (await generate({ prompt, samples: 8, model: 'imagegeneration@002' })).body?.parameters.sampleCount,
    ).toBe(8);
    expect((await generate({ prompt, samples: 5 })).reply).toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(/samples of 1\.\.4 for imagen/),
    });
  });
});

describe('refused before anything is sent', () => {
  it.each<[object, RegExp]>([
    [{}, /prompt/],
    [{ prompt: ' ' }, /prompt/],
    [{ prompt, aspectRatio: '21:9' }, /aspectRatio to be 1:1, 3:4.*imagen/],
    [{ prompt, aspectRatio: '7:5' }, /aspectRatio/],
    [{ prompt, imageSize: '4K' }, /imageSize to be 1K, 2K for imagen/],
    [{ prompt, seed: 3 }, /addWatermark false/],
    [{ prompt, quality: 80 }, /format jpeg/],
    [{ prompt, storageUri: 'gs://elsewhere/x/' }, /allowed bucket, got another/],
    [{ prompt, storageUri: 'https://pictures/' }, /storageUri/],
    [{ prompt, colour: 'red' }, /colour/],
    [{ prompt, engine: 'gemini', storageUri: 'gs://pictures/x/' }, /no storageUri, as gemini/],
    [{ prompt, engine: 'gemini', format: 'gif' }, /PNG or JPEG of gemini/],
    [{ prompt, engine: 'gemini', samples: 8 }, /samples of 1\.\.4 for gemini/],
    [{ prompt, engine: 'gemini', model: 'imagen-4.0-generate-001' }, /gemini API, got imagen-4/],
  ])('%j', async (request, message) => {
    const { reply, seen } = await generate(request);
    expect(reply).toMatchObject({ message: expect.stringMatching(message) });
    expect(seen).toHaveLength(0);
  });
});

it('asks Gemini once for each picture, with ratio and size', async () => {
  const request = { prompt, engine: 'gemini', samples: 2, aspectRatio: '21:9', imageSize: '4K', seed: 1 };
  const { reply, seen, body } = await generate(request, geminiPicture);
  expect(seen).toHaveLength(2);
  expect(body).toEqual({
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    generationConfig: {
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig: { aspectRatio: '21:9', imageSize: '4K', imageOutputOptions: { mimeType: 'image/png' } },
      thinkingConfig: { thinkingLevel: 'MINIMAL' },
    },
  });
  expect(reply).toMatchObject({ calls: 2, warnings: [expect.stringContaining('seed')] });
});
