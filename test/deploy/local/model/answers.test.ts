import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelEmulator } from '../../../../deploy/local/model/emulator.ts';
import {
  decodeText,
  endpointBody,
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
  meanDifference,
  methodUrl,
  post,
  startEmulator,
  upscaleBody,
  wave,
} from './support.ts';

let emulator: ModelEmulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

async function predict(model: string, body: Json, emulate = ''): Promise<Json[]> {
  const { status, json } = await post(methodUrl(emulator.url, model), body, { 'x-emulate': emulate });
  expect(json.error).toBeUndefined();
  expect(status).toBe(200);
  return json.predictions;
}

const bytesOf = (prediction: Json): Buffer => Buffer.from(prediction.bytesBase64Encoded, 'base64');
const imageOf = (prediction: Json) => decodeText(prediction.bytesBase64Encoded);
const grey = { ...wave(), data: wave().data.map(() => 90) };

describe.each([
  ['Imagen 3', imagen3, imagen3Body],
  ['Imagen 2', imagen2, imagen2Body],
])('%s edit', (_, model, bodyOf) => {
  it('fills the mask and changes the rest a little, as the models do', async () => {
    const [prediction] = await predict(model, bodyOf());
    expect(prediction.mimeType).toBe('image/png');
    const answer = await imageOf(prediction);
    expect([answer.width, answer.height]).toEqual([64, 48]);
    expect(meanDifference(answer, grey, isInside)).toBeLessThan(4);
    const outside = meanDifference(answer, wave(), isOutside());
    expect(outside).toBeGreaterThan(0.3);
    expect(outside).toBeLessThan(4);
  });

  it('answers the same request the same way', async () => {
    expect(await predict(model, bodyOf())).toEqual(await predict(model, bodyOf()));
  });

  it('gives 4 candidates when no number is asked for', async () => {
    const body = bodyOf();
    delete body.parameters.sampleCount;
    expect(await predict(model, body)).toHaveLength(4);
  });
});

describe('insertion', () => {
  it('draws a placeholder inside the mask only, each candidate its own', async () => {
    const body = imagen3Body();
    body.parameters.editMode = 'EDIT_MODE_INPAINT_INSERTION';
    body.parameters.sampleCount = 2;
    const [first, second] = await Promise.all((await predict(imagen3, body)).map(imageOf));
    expect(meanDifference(first!, wave(), isOutside())).toBeLessThan(4);
    expect(meanDifference(first!, wave(), isInside)).toBeGreaterThan(20);
    expect(meanDifference(first!, second!, isInside)).toBeGreaterThan(20);
  });
});

describe('automatic masks', () => {
  const edit = async (maskMode: string, maskClasses?: number[]) => {
    const body = imagen3Body();
    const mask = body.instances[0].referenceImages[1];
    delete mask.referenceImage;
    mask.maskImageConfig = { maskMode, dilation: 0, ...(maskClasses && { maskClasses }) };
    const [prediction] = await predict(imagen3, body, 'exact');
    return imageOf(prediction);
  };
  const at = (x: number, y: number) => (px: number, py: number) => px === x && py === y;

  it('takes the middle for the foreground and what is around for the background', async () => {
    const foreground = await edit('MASK_MODE_FOREGROUND');
    expect(meanDifference(foreground, grey, at(32, 25))).toBe(0);
    expect(meanDifference(foreground, wave(), at(0, 0))).toBe(0);
    const background = await edit('MASK_MODE_BACKGROUND');
    expect(meanDifference(background, wave(), at(32, 25))).toBe(0);
    expect(meanDifference(background, grey, at(0, 0))).toBe(0);
  });

  it('has a place for each class, and keeps it', async () => {
    const [bicycle, car, again] = await Promise.all([
      edit('MASK_MODE_SEMANTIC', [175]),
      edit('MASK_MODE_SEMANTIC', [176]),
      edit('MASK_MODE_SEMANTIC', [175]),
    ]);
    expect(bicycle!.data).toEqual(again!.data);
    expect(meanDifference(bicycle!, car!, () => true)).toBeGreaterThan(0);
  });
});

describe('the list of predictions', () => {
  it('gives JPEG where asked', async () => {
    const body = imagen3Body();
    body.parameters.outputOptions = { mimeType: 'image/jpeg', compressionQuality: 90 };
    const [prediction] = await predict(imagen3, body);
    expect(prediction.mimeType).toBe('image/jpeg');
    expect((await sharp(bytesOf(prediction)).metadata()).format).toBe('jpeg');
  });

  it('appends the scores of the prompt, which are no image', async () => {
    const body = imagen3Body();
    body.parameters.includeSafetyAttributes = true;
    const predictions = await predict(imagen3, body);
    expect(predictions).toHaveLength(2);
    expect(predictions[1]).toMatchObject({ contentType: 'Positive Prompt', safetyAttributes: {} });
    expect(predictions[1].bytesBase64Encoded).toBeUndefined();
  });

  it('carries the prompt of a rewriting model, in words of its own', async () => {
    const [prediction] = await predict('imagen-4.0-generate-001', generateBody());
    expect(prediction.prompt).toBeTypeOf('string');
    expect(prediction.prompt).not.toContain('fox');
    const body = generateBody();
    body.parameters.enhancePrompt = false;
    expect((await predict('imagen-4.0-generate-001', body))[0].prompt).toBeUndefined();
  });
});

describe('generate and upscale', () => {
  it('gives the pixels of ratio and size', async () => {
    const body = generateBody();
    Object.assign(body.parameters, { aspectRatio: '9:16', sampleImageSize: '2K' });
    const image = await imageOf((await predict('imagen-4.0-generate-001', body))[0]);
    expect([image.width, image.height]).toEqual([1536 / 16, 2816 / 16]);
  });

  it('gives up to 8 candidates at @002', async () => {
    const body = generateBody();
    body.parameters.sampleCount = 8;
    expect(await predict('imagegeneration@002', body)).toHaveLength(8);
  });

  it('enlarges by the factor', async () => {
    const image = await imageOf((await predict('imagegeneration@002', upscaleBody()))[0]);
    expect([image.width, image.height]).toEqual([128, 96]);
    const body = upscaleBody();
    body.parameters.upscaleConfig.upscaleFactor = 'x3';
    const triple = await imageOf((await predict('imagen-4.0-upscale-preview', body))[0]);
    expect([triple.width, triple.height]).toEqual([192, 144]);
  });
});

describe('Gemini', () => {
  const edit = async (body: Json, emulate = '') => {
    const { json } = await post(methodUrl(emulator.url, gemini), body, { 'x-emulate': emulate });
    expect(json.error).toBeUndefined();
    return json;
  };
  const pictureOf = (json: Json) =>
    decodeText(
      json.candidates[0].content.parts.findLast((part: Json) => part.inlineData && !part.thought).inlineData
        .data,
    );

  it('answers text first, then the picture, with its usage', async () => {
    const json = await edit(geminiBody());
    const [candidate] = json.candidates;
    expect(candidate.finishReason).toBe('STOP');
    expect(Object.keys(candidate.content.parts[0])).toEqual(['text']);
    expect(candidate.content.parts[1].inlineData.mimeType).toBe('image/png');
    expect(json.usageMetadata.totalTokenCount).toBeGreaterThan(0);
  });

  it.each([
    ['4:3', '1K', 75, 56],
    ['3:2', '2K', 158, 106],
    ['9:16', '4K', 192, 344],
    ['1:8', '1K', 24, 192],
  ])('answers %s at %s in the pixels of the table', async (aspectRatio, imageSize, width, height) => {
    const body = geminiBody();
    Object.assign(body.generationConfig.imageConfig, { aspectRatio, imageSize });
    const picture = await pictureOf(await edit(body));
    expect([picture.width, picture.height]).toEqual([width, height]);
  });

  it('takes the ratio of the last image when none is sent', async () => {
    const body = geminiBody();
    delete body.generationConfig.imageConfig.aspectRatio;
    const picture = await pictureOf(await edit(body));
    expect([picture.width, picture.height]).toEqual([75, 56]);
  });

  it('edits where the two images differ, and moves by a pixel', async () => {
    const picture = await pictureOf(await edit(geminiBody(), 'exact'));
    const sized = await sharp(Buffer.from(imageText, 'base64'))
      .resize({ width: 75, height: 56, fit: 'cover' })
      .raw()
      .toBuffer();
    const input = { width: 75, height: 56, channels: 3 as const, data: new Uint8Array(sized) };
    const filled = { ...input, data: input.data.map(() => 90) };
    expect(meanDifference(picture, filled, (x, y) => x > 28 && x < 46 && y > 18 && y < 32)).toBe(0);
    expect(meanDifference(picture, input, (x) => x < 15)).toBe(0);
    const moved = await pictureOf(await edit(geminiBody()));
    const shiftedMore = meanDifference(moved, input, (x) => x < 15);
    expect(shiftedMore).toBeGreaterThan(4);
  });

  it('answers words only when no image is wanted', async () => {
    const body = geminiBody();
    body.generationConfig.responseModalities = ['TEXT'];
    expect((await edit(body)).candidates[0].content.parts).toHaveLength(1);
  });
});

describe('self-deployed endpoint', () => {
  it('answers base64 squares, one for each instance', async () => {
    const url = `${emulator.url}/v1/projects/p/locations/us-central1/endpoints/123:predict`;
    const body = endpointBody();
    body.instances.push({ ...body.instances[0], prompt: 'a cat on the wall' });
    const { json } = await post(url, body);
    expect(json.predictions).toHaveLength(2);
    const picture = await decodeText(json.predictions[0]);
    expect([picture.width, picture.height]).toEqual([64, 64]);
    expect(json.predictions[0]).not.toBe(json.predictions[1]);
  });
});

describe('the embedded engine', () => {
  it('answers removals when nothing else is injected', async () => {
    const real = await startEmulator({ removal: undefined });
    const { json } = await post(methodUrl(real.url, imagen3), imagen3Body(), { 'x-emulate': 'exact' });
    await real.close();
    const answer = await imageOf(json.predictions[0]);
    expect(meanDifference(answer, wave(), isOutside())).toBe(0);
    expect(meanDifference(answer, wave(), isInside)).toBeGreaterThan(0);
  });
});
