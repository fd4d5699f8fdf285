import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { useFaultyModel } from '../../../support/use.ts';
import {
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
  type Json,
  maskText,
  methodUrl,
  post,
  segmentation,
  segmentationBody,
  upscaleBody,
} from './support.ts';

const emulator = await useFaultyModel();

type Change = (body: Json) => unknown;
const mask = (body: Json) => body.instances[0].referenceImages[1];
const config = (body: Json) => mask(body).maskImageConfig;
const set = (target: Json, values: object) => Object.assign(target, values);
const automatic = (body: Json, maskMode: string, maskClasses?: unknown) => {
  delete mask(body).referenceImage;
  set(config(body), { maskMode, ...(maskClasses === undefined ? {} : { maskClasses }) });
};
const tooLarge = Buffer.alloc(10_000_001).toString('base64');

/** What is wrong -> the change to a good body, and a word of the message. */
type Table = Readonly<Record<string, readonly [Change, RegExp]>>;

const imagen3Refusals: Table = {
  'no instances': [(b) => delete b.instances, /instances/],
  'no prompt': [(b) => delete b.instances[0].prompt, /prompt/],
  'editMode inside editConfig': [
    (b) => {
      delete b.parameters.editMode;
      b.parameters.editConfig.editMode = 'EDIT_MODE_INPAINT_REMOVAL';
    },
    /editMode/,
  ],
  'an Imagen 2 mode': [(b) => set(b.parameters, { editMode: 'inpainting-remove' }), /editMode/],
  aspectRatio: [(b) => set(b.parameters, { aspectRatio: '1:1' }), /aspectRatio/],
  'labels inside parameters': [(b) => set(b.parameters, { labels: { a: 'b' } }), /labels/],
  'an unknown field at the top': [(b) => set(b, { comment: 'x' }), /comment/],
  'semantic without classes': [(b) => automatic(b, 'MASK_MODE_SEMANTIC'), /1 to 5 classes/],
  'class 194': [(b) => automatic(b, 'MASK_MODE_SEMANTIC', [194]), /maskClasses/],
  'classes for the background': [(b) => automatic(b, 'MASK_MODE_BACKGROUND', [1]), /no classes/],
  'an automatic mask beside a mask': [
    (b) => set(config(b), { maskMode: 'MASK_MODE_FOREGROUND' }),
    /no mask image/,
  ],
  'a user mask that is not there': [(b) => delete mask(b).referenceImage, /mask image/],
  'two masks': [
    (b) => {
      b.instances[0].referenceImages[0] = { ...mask(b), referenceId: 1 };
    },
    /one raw and one mask/,
  ],
  'one reference id twice': [(b) => set(mask(b), { referenceId: 1 }), /unique/],
  'a mask of another size': [
    (b) => set(mask(b).referenceImage, { bytesBase64Encoded: onePixel }),
    /64x48, got 1x1/,
  ],
  'bytes and gcsUri': [(b) => set(mask(b).referenceImage, { gcsUri: 'gs://b/o' }), /either/],
  'neither bytes nor gcsUri': [(b) => set(mask(b), { referenceImage: {} }), /either/],
  'an undecodable image': [
    (b) => set(mask(b).referenceImage, { bytesBase64Encoded: Buffer.from('text').toString('base64') }),
    /could not be decoded/,
  ],
  'a truncated image': [
    (b) => set(b.instances[0].referenceImages[0].referenceImage, { bytesBase64Encoded: half(imageText) }),
    /could not be decoded/,
  ],
  'no base64': [(b) => set(mask(b).referenceImage, { bytesBase64Encoded: '***' }), /[Bb]ase64/],
  'an image over 10 MB': [
    (b) => set(mask(b).referenceImage, { bytesBase64Encoded: tooLarge }),
    /10000001 exceeds/,
  ],
  '5 samples': [(b) => set(b.parameters, { sampleCount: 5 }), /sampleCount/],
  '76 steps': [(b) => set(b.parameters.editConfig, { baseSteps: 76 }), /baseSteps/],
  'a dilation over 1': [(b) => set(config(b), { dilation: 1.01 }), /dilation/],
  'a seed with watermark': [(b) => set(b.parameters, { seed: 1 }), /watermark/],
};

const imagen2Refusals: Table = {
  'editMode at the top of parameters': [
    (b) => set(b.parameters, { editMode: 'inpainting-remove', editConfig: {} }),
    /editMode/,
  ],
  'mask and mask mode': [
    (b) => set(b.parameters.editConfig, { maskMode: { maskType: 'foreground' } }),
    /either a mask/,
  ],
  'neither mask nor mask mode': [(b) => delete b.instances[0].mask, /either a mask/],
  'semantic without classes': [
    (b) => {
      delete b.instances[0].mask;
      b.parameters.editConfig.maskMode = { maskType: 'semantic' };
    },
    /1 to 5 classes/,
  ],
  'steps, which only Imagen 3 has': [(b) => set(b.parameters.editConfig, { baseSteps: 12 }), /baseSteps/],
};

const generateRefusals: Table = {
  'an empty prompt': [(b) => set(b.instances[0], { prompt: '' }), /prompt/],
  'ratio 2:1': [(b) => set(b.parameters, { aspectRatio: '2:1' }), /aspectRatio/],
  '4K': [(b) => set(b.parameters, { sampleImageSize: '4K' }), /sampleImageSize/],
  'a negative prompt, which Imagen 4 does not take': [
    (b) => set(b.parameters, { negativePrompt: 'rain' }),
    /negativePrompt/,
  ],
};

const upscaleRefusals: Table = {
  'x3, which @002 does not have': [
    (b) => set(b.parameters.upscaleConfig, { upscaleFactor: 'x3' }),
    /upscaleFactor/,
  ],
  'no mode': [(b) => delete b.parameters.mode, /mode/],
  '2 samples': [(b) => set(b.parameters, { sampleCount: 2 }), /sampleCount/],
};

const imageConfig = (body: Json) => body.generationConfig.imageConfig;
const parts = (body: Json): Json[] => body.contents[0].parts;
const geminiRefusals: Table = {
  'no contents': [(b) => delete b.contents, /contents/],
  'no parts': [(b) => set(b.contents[0], { parts: [] }), /parts/],
  'ratio 7:3': [(b) => set(imageConfig(b), { aspectRatio: '7:3' }), /aspectRatio/],
  'a small k': [(b) => set(imageConfig(b), { imageSize: '1k' }), /imageSize/],
  '15 images': [
    (b) => set(b.contents[0], { parts: [parts(b)[0], ...Array(15).fill(parts(b)[1])] }),
    /at most 14/,
  ],
  'an image over 7 MB': [
    (b) => set(parts(b)[1].inlineData, { data: Buffer.alloc(7_000_001).toString('base64') }),
    /7000001 exceeds/,
  ],
  'a GIF by name': [(b) => set(parts(b)[1].inlineData, { mimeType: 'image/gif' }), /MIME type/],
  'an undecodable image': [(b) => set(parts(b)[1].inlineData, { data: 'AAAA' }), /could not be decoded/],
  'a mask field, which it does not have': [(b) => set(b.contents[0], { mask: maskText }), /mask/],
  'an Imagen parameter': [(b) => set(b.generationConfig, { sampleCount: 2 }), /sampleCount/],
};

const endpointRefusals: Table = {
  'no mask': [(b) => delete b.instances[0].mask_image, /mask_image/],
  'a mask of another size': [(b) => set(b.instances[0], { mask_image: onePixel }), /64x48, got 1x1/],
};

const segmentationRefusals: Table = {
  'words for the foreground': [(b) => set(b.instances[0], { prompt: 'a car' }), /no prompt/],
  'no words for a prompt': [(b) => set(b.parameters, { mode: 'PROMPT' }), /a prompt for mode PROMPT/],
  'no scribble': [(b) => set(b.parameters, { mode: 'INTERACTIVE' }), /a scribble/],
  'a scribble for the background': [
    (b) => {
      b.parameters.mode = 'BACKGROUND';
      b.instances[0].scribble = { image: { bytesBase64Encoded: maskText } };
    },
    /no scribble/,
  ],
  'an unknown mode': [(b) => set(b.parameters, { mode: 'PEOPLE' }), /mode/],
  'a threshold beyond 1': [(b) => set(b.parameters, { confidenceThreshold: 2 }), /confidenceThreshold/],
  'a field of edits': [(b) => set(b.parameters, { sampleCount: 1 }), /sampleCount/],
};

const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const half = (text: string) => text.slice(0, Math.floor(text.length / 8) * 4);

describe.each([
  ['Imagen 3 edit', (base: string) => methodUrl(base, imagen3), imagen3Body, imagen3Refusals],
  ['Imagen 2 edit', (base: string) => methodUrl(base, imagen2), imagen2Body, imagen2Refusals],
  ['generate', (base: string) => methodUrl(base, 'imagen-4.0-generate-001'), generateBody, generateRefusals],
  ['upscale', (base: string) => methodUrl(base, 'imagegeneration@002'), upscaleBody, upscaleRefusals],
  ['Gemini', (base: string) => methodUrl(base, gemini), geminiBody, geminiRefusals],
  ['segmentation', (base: string) => methodUrl(base, segmentation), segmentationBody, segmentationRefusals],
  ['self-deployed endpoint', endpointUrl, endpointBody, endpointRefusals],
] as const)('%s', (_name, urlOf, good, table) => {
  it('accepts the body of the reference pages', async () => {
    expect((await post(urlOf(emulator.url), good())).status).toBe(200);
  });

  it.each(Object.entries(table))('refuses %s', async (_, [change, message]) => {
    const body = good();
    change(body);
    const { status, json } = await post(urlOf(emulator.url), body);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(json.error.message).toMatch(message);
  });
});

describe('paths', () => {
  it('names the wrong fields in the details, as the service does', async () => {
    const body = imagen3Body();
    body.parameters.editConfig.baseSteps = 76;
    const { json } = await post(methodUrl(emulator.url, imagen3), body);
    expect(json.error.details[0].fieldViolations).toMatchObject([
      { field: 'parameters.editConfig.baseSteps' },
    ]);
  });

  it.each([
    ['an unknown model', () => methodUrl(emulator.url, 'imagen-9')],
    ['a name of every object', () => methodUrl(emulator.url, 'constructor')],
    ['Imagen in global', () => methodUrl(emulator.url, imagen3, 'global')],
    ['Gemini in a region', () => methodUrl(emulator.url, gemini, 'us-central1')],
    ['an unknown method', () => methodUrl(emulator.url, imagen3, 'us-central1', 'rawPredict')],
    ['an unknown path', () => `${emulator.url}/v1/models`],
  ])('answers 404 to %s', async (_, urlOf) => {
    const { status, json } = await post(urlOf(), imagen3Body());
    expect(status).toBe(404);
    expect(json.error).toMatchObject({ code: 404, status: 'NOT_FOUND' });
  });

  it('answers 404 to a GET', async () => {
    const response = await fetch(methodUrl(emulator.url, imagen3));
    expect(response.status).toBe(404);
  });

  it('tells which API a model is for', async () => {
    const predict = await post(methodUrl(emulator.url, gemini, 'global', 'predict'), imagen3Body());
    expect(predict.json.error).toMatchObject({ code: 400, status: 'FAILED_PRECONDITION' });
    const url = methodUrl(emulator.url, imagen3, 'us-central1', 'generateContent');
    expect((await post(url, geminiBody())).json.error).toMatchObject({ code: 400 });
  });

  it('refuses what is no JSON', async () => {
    expect((await post(methodUrl(emulator.url, imagen3), '{')).json.error.message).toMatch(/JSON/);
  });

  it('answers v1beta1 and percent signs alike', async () => {
    const url = methodUrl(emulator.url, imagen2).replace('/v1/', '/v1beta1/').replace('@', '%40');
    expect((await post(url, imagen2Body())).status).toBe(200);
  });

  it('refuses hosts other than loopback, so that web pages cannot reach it', async () => {
    const options = { method: 'POST', headers: { host: 'evil.test' } };
    const sent = request(methodUrl(emulator.url, imagen3), options).end('{}');
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(403);
  });
});
