import {
  EditMode,
  type GenerateContentConfig,
  GoogleGenAI,
  MaskReferenceImage,
  MaskReferenceMode,
  PersonGeneration,
  RawReferenceImage,
  SafetyFilterLevel,
  SegmentMode,
  ThinkingLevel,
} from '@google/genai';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AutomaticMask, EncodedImage, InpaintRequest } from '../../lib/engines/engine.ts';
import { type EngineName, engineFor, generatorFor, upscalerFor } from '../../lib/engines/engines.ts';
import type { GenerateRequest } from '../../lib/engines/picture-engines.ts';
import { segmentation, segmentationModel } from '../../lib/finders/segmentation.ts';
import { decodeAnswer } from '../../lib/formats/vips/answer.ts';
import { engineCodec } from '../../lib/formats/vips/engine-codec.ts';
import { optionValues } from '../../lib/requests/schema.ts';
import type { Json } from '../deploy/local/model/support.ts';
import { type Comparison, compareBodies } from '../support/compare-bodies.ts';
import { modelSettings } from '../support/fake-model.ts';
import { startMetadataServer } from '../support/metadata-server.ts';
import { useFaultyModel } from '../support/use.ts';
import { request as asked, crop, mask, signal } from './support.ts';

/**
 * Google's own SDK as a witness: what it sends must be taken by the strict emulator, and the same request
 * made by our adapters must be equal in every field that both set.
 */

const base64Of = async (raster: typeof crop) =>
  Buffer.from((await engineCodec.encode(raster)).bytes).toString('base64');
const image = { imageBytes: await base64Of(crop), mimeType: 'image/png' };
const maskImage = { imageBytes: await base64Of(mask), mimeType: 'image/png' };

let sent: { readonly path: string; readonly body: Json }[] = [];
const metadata = await startMetadataServer();
const emulator = await useFaultyModel({ onRequest: (path, body) => sent.push({ path, body }) });

beforeAll(() => {
  const clean = {
    ...metadata.environment,
    GOOGLE_APPLICATION_CREDENTIALS: '',
    CLOUDSDK_CONFIG: '/nonexistent',
    GOOGLE_API_KEY: '',
    GEMINI_API_KEY: '',
  };
  for (const [name, value] of Object.entries(clean)) vi.stubEnv(name, value);
});
afterEach(() => {
  sent = [];
});
afterAll(() => {
  vi.unstubAllEnvs();
  metadata.close();
});

function sdk(location = 'us-central1'): GoogleGenAI {
  const httpOptions = { baseUrl: emulator.url };
  // Without a project of its own the auth library starts a gcloud process to ask for one.
  const googleAuthOptions = { projectId: 'p' };
  return new GoogleGenAI({ vertexai: true, project: 'p', location, httpOptions, googleAuthOptions });
}

const settings = () => ({ ...modelSettings, modelBaseUrl: emulator.url });
const codec = { ...engineCodec, decode: ({ bytes }: EncodedImage) => decodeAnswer(bytes) };

async function ours(engine: EngineName, request: Partial<InpaintRequest>): Promise<void> {
  const adapter = await engineFor({ engine, model: undefined }, settings(), { codec: engineCodec });
  const reply = await adapter.inpaint(asked(request), signal);
  expect(reply.outcomes[0]?.kind).toBe('image');
}

/** These are written in capitals by the SDK and in small letters on the reference pages. */
const anyCase: ReadonlySet<string> = new Set(['personGeneration', 'safetySetting']);

/** The bodies and paths of our call and of the SDK's, compared. */
function compared(): Comparison {
  const [mine, yours] = sent;
  expect(mine?.path).toBe(yours?.path.replace('/v1beta1/', '/v1/'));
  return compareBodies(mine?.body, yours?.body, anyCase);
}

function rawReference(): RawReferenceImage {
  return Object.assign(new RawReferenceImage(), { referenceId: 1, referenceImage: image });
}

function maskReference(config: object, withImage: boolean): MaskReferenceImage {
  return Object.assign(new MaskReferenceImage(), {
    referenceId: 2,
    config,
    ...(withImage && { referenceImage: maskImage }),
  });
}

const instance = 'instances[0]';
const references = `${instance}.referenceImages`;
const imageType = (at: number) => `${references}[${at}].referenceImage.mimeType`;
/** What we always ask for, and the SDK only when told to. */
const alwaysOurs = ['parameters.includeRaiReason', 'parameters.outputOptions.mimeType'];

describe('edit with a user mask', () => {
  it('is taken, and equal to our removal', async () => {
    await ours('imagen', {});
    const { generatedImages } = await sdk().models.editImage({
      model: 'imagen-3.0-capability-001',
      prompt: '',
      referenceImages: [
        rawReference(),
        maskReference({ maskMode: MaskReferenceMode.MASK_MODE_USER_PROVIDED, maskDilation: 0.01 }, true),
      ],
      config: { editMode: EditMode.EDIT_MODE_INPAINT_REMOVAL, baseSteps: 12, numberOfImages: 1 },
    });
    expect(generatedImages?.[0]?.image?.imageBytes).toBeTypeOf('string');
    expect(compared()).toEqual({
      differing: [],
      onlyFirst: alwaysOurs,
      onlySecond: [imageType(0), imageType(1)],
    });
  });

  it('is equal to our insertion with every parameter', async () => {
    await ours('imagen', {
      mode: 'insertion',
      prompt: 'a straw hat on the wall',
      negativePrompt: 'rain',
      maskDilation: 0.02,
      samples: 2,
      seed: 7,
      addWatermark: false,
      steps: 40,
      guidance: 60,
      language: 'en',
      personGeneration: 'allow_adult',
      safetySetting: 'block_only_high',
      includeSafetyAttributes: true,
      replyFormat: { mediaType: 'image/jpeg', quality: 90 },
      labels: { team: 'a' },
    });
    const { generatedImages } = await sdk().models.editImage({
      model: 'imagen-3.0-capability-001',
      prompt: 'a straw hat on the wall',
      referenceImages: [
        rawReference(),
        maskReference({ maskMode: MaskReferenceMode.MASK_MODE_USER_PROVIDED, maskDilation: 0.02 }, true),
      ],
      config: {
        editMode: EditMode.EDIT_MODE_INPAINT_INSERTION,
        negativePrompt: 'rain',
        numberOfImages: 2,
        seed: 7,
        addWatermark: false,
        baseSteps: 40,
        guidanceScale: 60,
        language: 'en' as never,
        personGeneration: PersonGeneration.ALLOW_ADULT,
        safetyFilterLevel: SafetyFilterLevel.BLOCK_ONLY_HIGH,
        includeSafetyAttributes: true,
        includeRaiReason: true,
        outputMimeType: 'image/jpeg',
        outputCompressionQuality: 90,
        labels: { team: 'a' },
      },
    });
    expect(generatedImages).toHaveLength(3);
    expect(compared()).toEqual({ differing: [], onlyFirst: [], onlySecond: [imageType(0), imageType(1)] });
  });
});

describe('edit with an automatic mask', () => {
  it.each([
    ['background', MaskReferenceMode.MASK_MODE_BACKGROUND, undefined],
    ['foreground', MaskReferenceMode.MASK_MODE_FOREGROUND, undefined],
    ['semantic', MaskReferenceMode.MASK_MODE_SEMANTIC, [175, 176]],
  ] as const)('of the %s is taken, and equal to ours', async (mode, maskMode, classes) => {
    const maskDilation = mode === 'background' ? 0 : 0.01;
    await ours('imagen', { mask: undefined, automaticMask: { mode, classes }, maskDilation });
    await sdk().models.editImage({
      model: 'imagen-3.0-capability-001',
      prompt: '',
      referenceImages: [
        rawReference(),
        maskReference(
          { maskMode, maskDilation, ...(classes && { segmentationClasses: [...classes] }) },
          false,
        ),
      ],
      config: { editMode: EditMode.EDIT_MODE_INPAINT_REMOVAL, baseSteps: 12, numberOfImages: 1 },
    });
    expect(compared()).toEqual({ differing: [], onlyFirst: alwaysOurs, onlySecond: [imageType(0)] });
  });
});

const generateRequest: GenerateRequest = {
  ...optionValues('generate', {}),
  prompt: 'a red fox in the snow',
  samples: 2,
  aspectRatio: '16:9',
  imageSize: '2K',
  enhancePrompt: false,
  seed: 7,
  language: 'en',
  personGeneration: 'dont_allow',
  safetySetting: 'block_low_and_above',
  addWatermark: false,
  includeSafetyAttributes: true,
  labels: { team: 'a' },
  replyFormat: { mediaType: 'image/jpeg', quality: 80 },
};

describe('text to image', () => {
  it('is taken, and equal to ours', async () => {
    const generator = await generatorFor({ engine: 'imagen', model: undefined }, settings());
    await generator.generate(generateRequest, signal);
    const { generatedImages } = await sdk().models.generateImages({
      model: 'imagen-4.0-generate-001',
      prompt: 'a red fox in the snow',
      config: {
        numberOfImages: 2,
        aspectRatio: '16:9',
        imageSize: '2K',
        enhancePrompt: false,
        seed: 7,
        language: 'en' as never,
        personGeneration: PersonGeneration.DONT_ALLOW,
        safetyFilterLevel: SafetyFilterLevel.BLOCK_LOW_AND_ABOVE,
        addWatermark: false,
        includeSafetyAttributes: true,
        includeRaiReason: true,
        labels: { team: 'a' },
        outputMimeType: 'image/jpeg',
        outputCompressionQuality: 80,
      },
    });
    expect(generatedImages).toHaveLength(2);
    expect(compared()).toEqual({ differing: [], onlyFirst: [], onlySecond: [] });
  });
});

describe('enlarging', () => {
  it('is taken, and equal to ours', async () => {
    const bytes = Buffer.from(image.imageBytes, 'base64');
    const upscaler = await upscalerFor({ engine: 'imagen', model: undefined }, settings());
    await upscaler.upscale(
      {
        image: { bytes, mediaType: 'image/png' },
        factor: 'x2',
        replyFormat: undefined,
        storageUri: undefined,
        labels: undefined,
      },
      signal,
    );
    const { generatedImages } = await sdk().models.upscaleImage({
      model: 'imagen-4.0-upscale-preview',
      image,
      upscaleFactor: 'x2',
      config: { includeRaiReason: true, outputMimeType: 'image/png' },
    });
    expect(generatedImages).toHaveLength(1);
    expect(compared()).toEqual({
      differing: [],
      // The reference page sends an empty prompt along.
      onlyFirst: [`${instance}.prompt`],
      onlySecond: [`${instance}.image.mimeType`, 'parameters.includeRaiReason'],
    });
  });
});

describe('finding a mask', () => {
  const find = async (wanted: AutomaticMask) => {
    const tuning = {};
    const options = { model: undefined, settings: settings(), tuning, maxCallsPerSample: 1, codec };
    const finder = await segmentation.around(await segmentationModel(options), codec);
    return finder.find({ picture: crop, wanted, labels: { team: 'a' } }, signal);
  };

  it.each([
    ['FOREGROUND', { mode: 'foreground', classes: undefined }, {}],
    ['BACKGROUND', { mode: 'background', classes: undefined }, {}],
    ['SEMANTIC', { mode: 'people', classes: undefined }, { prompt: 'person' }],
    ['SEMANTIC', { mode: 'semantic', classes: [175, 176] }, { prompt: 'bicycle,car' }],
    ['PROMPT', { mode: 'prompt', classes: undefined, words: 'the red car' }, { prompt: 'the red car' }],
    ['INTERACTIVE', { mode: 'interactive', classes: undefined, scribble: mask }, { scribbleImage: true }],
  ] as const)('as %s is taken, and equal to ours: %o', async (mode, wanted, { ...source }) => {
    const found = await find(wanted);
    expect(found.masks.length).toBeGreaterThan(0);
    const { prompt, scribbleImage } = source as { prompt?: string; scribbleImage?: boolean };
    const { generatedMasks } = await sdk().models.segmentImage({
      model: 'image-segmentation-001',
      source: {
        image,
        ...(prompt !== undefined && { prompt }),
        ...(scribbleImage && { scribbleImage: { image: maskImage } }),
      },
      config: { mode: SegmentMode[mode], maskDilation: 0, binaryColorThreshold: -1, labels: { team: 'a' } },
    });
    expect(generatedMasks?.map(({ labels }) => labels?.[0]?.label)).toEqual(
      found.masks.map(({ labels }) => labels[0]?.label),
    );
    expect(compared()).toEqual({ differing: [], onlyFirst: [], onlySecond: [] });
  });
});

describe('Gemini', () => {
  it('edits, and is equal to ours', async () => {
    await ours('gemini', { safetySetting: 'block_only_high', personGeneration: 'allow_adult' });
    const body: Json = sent[0]?.body;
    const [{ parts }] = body.contents;
    const { aspectRatio, imageSize } = body.generationConfig.imageConfig;
    const safetySettings = body.safetySettings.map(({ category }: Json) => ({
      category,
      threshold: 'BLOCK_ONLY_HIGH',
    }));
    const imageConfig = {
      aspectRatio,
      imageSize,
      personGeneration: 'ALLOW_ADULT',
      outputMimeType: 'image/png',
    };
    const config: GenerateContentConfig = {
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig,
      safetySettings,
      thinkingConfig: { thinkingLevel: ThinkingLevel.MINIMAL },
    };
    const reply = await sdk('global').models.generateContent({
      model: 'gemini-nano-banana-2.1',
      contents: [{ role: 'user', parts }],
      config,
    });
    expect(reply.candidates?.[0]?.content?.parts?.at(-1)?.inlineData?.mimeType).toBe('image/png');
    expect(compared()).toEqual({ differing: [], onlyFirst: [], onlySecond: [] });
  });

  it('takes the picture where the model is given no more than a sentence', async () => {
    const reply = await sdk('global').models.generateContent({
      model: 'gemini-nano-banana-2.1',
      contents: ['Take the post away', { inlineData: { mimeType: 'image/png', data: image.imageBytes } }],
    });
    expect(reply.candidates?.[0]?.finishReason).toBe('STOP');
  });
});

describe('failures', () => {
  it('are read by the SDK as it reads the service', async () => {
    emulator.behave({ status: 429 });
    const call = sdk().models.generateImages({ model: 'imagen-4.0-generate-001', prompt: 'a red fox' });
    await expect(call).rejects.toMatchObject({ status: 429 });
  });
});
