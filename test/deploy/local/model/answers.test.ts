import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { startFaultyModel } from '../../../support/faulty-model.ts';
import { useFaultyModel } from '../../../support/use.ts';
import { createOnly, fileAt, startEmulator as startStorage } from '../storage/support.ts';
import {
  decodeText,
  endpointBody,
  endpointUrl,
  gemini,
  geminiBody,
  generateBody,
  imagen2,
  imagen2Body,
  imagen3,
  imagen3Body,
  imageText,
  isInside,
  isOutside,
  type Json,
  maskText,
  meanDifference,
  methodUrl,
  post,
  segmentation,
  segmentationBody,
  upscaleBody,
  wave,
} from './support.ts';

const emulator = await useFaultyModel();

async function predict(model: string, body: Json): Promise<Json[]> {
  const { status, json } = await post(methodUrl(emulator.url, model), body);
  expect([status, json.error]).toEqual([200, undefined]);
  return json.predictions;
}

const imageOf = (prediction: Json) => decodeText(prediction.bytesBase64Encoded);
const grey = { ...wave, data: wave.data.map(() => 90) };
const sizeOf = ({ width, height }: { width: number; height: number }) => [width, height];

describe.each([
  ['Imagen 3', imagen3, imagen3Body],
  ['Imagen 2', imagen2, imagen2Body],
])('%s edit', (_, model, bodyOf) => {
  it('fills the mask, and changes the rest a little as the models do, each time alike', async () => {
    const [prediction] = await predict(model, bodyOf());
    expect(prediction.mimeType).toBe('image/png');
    const answer = await imageOf(prediction);
    expect(sizeOf(answer)).toEqual([64, 48]);
    expect(meanDifference(answer, grey, isInside)).toBeLessThan(4);
    const outside = meanDifference(answer, wave, isOutside);
    expect(outside).toBeGreaterThan(0.3);
    expect(outside).toBeLessThan(4);
    expect(await predict(model, bodyOf())).toEqual([prediction]);
  });

  it('gives 4 candidates when no number is asked for', async () => {
    const body = bodyOf();
    delete body.parameters.sampleCount;
    expect(await predict(model, body)).toHaveLength(4);
  });
});

it('an insertion draws a card inside the mask only, each candidate its own', async () => {
  const body = imagen3Body();
  Object.assign(body.parameters, { editMode: 'EDIT_MODE_INPAINT_INSERTION', sampleCount: 2 });
  const [first, second] = await Promise.all((await predict(imagen3, body)).map(imageOf));
  expect(meanDifference(first!, wave, isOutside)).toBeLessThan(4);
  expect(meanDifference(first!, wave, isInside)).toBeGreaterThan(20);
  expect(meanDifference(first!, second!, isInside)).toBeGreaterThan(20);
});

describe('a mask that is found', () => {
  it('comes with a label, black and white or soft as asked, and grown', async () => {
    const levels = async (parameters: object) => {
      const body = segmentationBody('semantic', { prompt: 'bicycle, car' });
      Object.assign(body.parameters, parameters);
      const found = await predict(segmentation, body);
      expect(found.map(({ labels }) => labels[0].label)).toEqual(['bicycle', 'car']);
      return (await imageOf(found[0])).data;
    };
    const hard = await levels({ binaryColorThreshold: 127 });
    expect(new Set(hard)).toEqual(new Set([0, 255]));
    expect(new Set(await levels({ binaryColorThreshold: -1 })).size).toBeGreaterThan(5);
    const grown = await levels({ binaryColorThreshold: 127, maskDilation: 0.1 });
    const count = (data: Uint8Array) => data.filter((level) => level > 0).length;
    expect(count(grown)).toBeGreaterThan(1.5 * count(hard));
  });

  it('lies around the scribble', async () => {
    const scribble = { image: { bytesBase64Encoded: maskText } };
    const [found] = await predict(segmentation, segmentationBody('INTERACTIVE', { scribble }));
    const { data, width } = await imageOf(found);
    expect(data[3 * (22 * width + 32)]).toBe(255);
    expect(data[0]).toBe(0);
  });
});

describe('the list of predictions', () => {
  it('gives JPEG where asked, and appends the scores of the prompt, which are no image', async () => {
    const body = imagen3Body();
    body.parameters.outputOptions = { mimeType: 'image/jpeg', compressionQuality: 90 };
    body.parameters.includeSafetyAttributes = true;
    const [picture, scores, ...more] = await predict(imagen3, body);
    expect(picture.mimeType).toBe('image/jpeg');
    expect((await sharp(Buffer.from(picture.bytesBase64Encoded, 'base64')).metadata()).format).toBe('jpeg');
    expect(scores).toMatchObject({ contentType: 'Positive Prompt', safetyAttributes: {} });
    expect([scores.bytesBase64Encoded, more]).toEqual([undefined, []]);
  });

  it('carries the prompt of a rewriting model, which repeats nothing of the prompt sent', async () => {
    const [prediction] = await predict('imagen-4.0-generate-001', generateBody());
    expect(prediction.prompt).toMatch(/^A placeholder/);
    const body = generateBody();
    body.parameters.enhancePrompt = false;
    expect((await predict('imagen-4.0-generate-001', body))[0].prompt).toBeUndefined();
  });

  it('reads pictures from buckets, and writes answers beside storageUri', async () => {
    const storage = await startStorage();
    const model = await startFaultyModel({ storageBaseUrl: storage.url });
    const body = imagen3Body();
    const [image] = body.instances[0].referenceImages;
    image.referenceImage = { gcsUri: 'gs://input/photos/a b.png' };
    body.parameters.storageUri = 'gs://input/answers';
    const missing = await post(methodUrl(model.url, imagen3), body);
    expect(missing.json.error).toMatchObject({ code: 400, message: expect.stringMatching(/404/) });
    await fileAt(storage.url, 'photos/a b.png').save(Buffer.from(imageText, 'base64'), createOnly);
    const { json } = await post(methodUrl(model.url, imagen3), body);
    await model.close();
    expect(json.predictions).toEqual([{ mimeType: 'image/png', gcsUri: 'gs://input/answers/sample_0.png' }]);
    const [bytes] = await fileAt(storage.url, 'answers/sample_0.png').download();
    expect(sizeOf(await sharp(bytes).metadata())).toEqual([64, 48]);
  });
});

describe('generate and upscale', () => {
  it('gives the pixels of ratio and size', async () => {
    const body = generateBody();
    Object.assign(body.parameters, { aspectRatio: '9:16', sampleImageSize: '2K' });
    const image = await imageOf((await predict('imagen-4.0-generate-001', body))[0]);
    expect(sizeOf(image)).toEqual([1536 / 16, 2816 / 16]);
  });

  it('gives up to 8 candidates at @002', async () => {
    const body = generateBody();
    body.parameters.sampleCount = 8;
    expect(await predict('imagegeneration@002', body)).toHaveLength(8);
  });

  it.each([
    ['imagegeneration@002', 'x2', [128, 96]],
    ['imagen-4.0-upscale-preview', 'x3', [192, 144]],
  ])('%s enlarges %s', async (model, upscaleFactor, expected) => {
    const body = upscaleBody();
    Object.assign(body.parameters.upscaleConfig, { upscaleFactor });
    expect(sizeOf(await imageOf((await predict(model, body))[0]))).toEqual(expected);
  });
});

describe('Gemini', () => {
  const edit = async (body: Json) => {
    const { json } = await post(methodUrl(emulator.url, gemini), body);
    expect(json.error).toBeUndefined();
    return json;
  };
  const pictureOf = (json: Json) => decodeText(json.candidates[0].content.parts.at(-1).inlineData.data);

  it('answers text first, then the picture, with its usage', async () => {
    const { candidates, usageMetadata } = await edit(geminiBody());
    expect(candidates).toMatchObject([
      {
        finishReason: 'STOP',
        content: { parts: [{ text: expect.any(String) }, { inlineData: { mimeType: 'image/png' } }] },
      },
    ]);
    expect(usageMetadata.totalTokenCount).toBeGreaterThan(0);
  });

  it.each([
    ['4:3', '1K', 75, 56],
    ['3:2', '2K', 158, 106],
    ['1:8', '1K', 24, 192],
    // The ratio of the last image.
    [undefined, '1K', 75, 56],
  ])('answers %s at %s in the pixels of the table', async (aspectRatio, imageSize, width, height) => {
    const body = geminiBody();
    Object.assign(body.generationConfig.imageConfig, { aspectRatio, imageSize });
    expect(sizeOf(await pictureOf(await edit(body)))).toEqual([width, height]);
  });

  it('edits where the two images differ, and moves by a pixel', async () => {
    emulator.behave({ exact: true }, 1);
    const picture = await pictureOf(await edit(geminiBody()));
    const sized = await sharp(Buffer.from(imageText, 'base64'))
      .resize({ width: 75, height: 56, fit: 'cover' })
      .raw()
      .toBuffer();
    const input = { width: 75, height: 56, channels: 3 as const, data: new Uint8Array(sized) };
    const filled = { ...input, data: input.data.map(() => 90) };
    expect(meanDifference(picture, filled, (x, y) => x > 28 && x < 46 && y > 18 && y < 32)).toBe(0);
    expect(meanDifference(picture, input, (x) => x < 15)).toBe(0);
    const moved = await pictureOf(await edit(geminiBody()));
    expect(meanDifference(moved, input, (x) => x < 15)).toBeGreaterThan(4);
  });

  it('answers words only when no image is wanted', async () => {
    const body = geminiBody();
    body.generationConfig.responseModalities = ['TEXT'];
    expect((await edit(body)).candidates[0].content.parts).toEqual([{ text: expect.any(String) }]);
  });
});

it('a self-deployed endpoint answers base64 squares, one for each instance', async () => {
  const body = endpointBody();
  body.instances.push({ ...body.instances[0], prompt: 'a cat on the wall' });
  const { predictions } = (await post(endpointUrl(emulator.url), body)).json;
  expect(predictions).toHaveLength(2);
  expect(sizeOf(await decodeText(predictions[0]))).toEqual([64, 64]);
  expect(predictions[0]).not.toBe(predictions[1]);
});

it('the embedded engine answers removals when nothing else is handed in', async () => {
  const real = await startFaultyModel({ removal: undefined });
  real.behave({ exact: true });
  const { json } = await post(methodUrl(real.url, imagen3), imagen3Body());
  await real.close();
  const answer = await imageOf(json.predictions[0]);
  expect(meanDifference(answer, wave, isOutside)).toBe(0);
  expect(meanDifference(answer, wave, isInside)).toBeGreaterThan(0);
});
