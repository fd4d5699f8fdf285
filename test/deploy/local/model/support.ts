import sharp from 'sharp';
import { decodeRgb, type Rgb } from '../../../../deploy/local/model/pixels.ts';
import type { Mask, Size } from '../../../../lib/pixels/raster.ts';
import { boxMask, wavePicture } from '../../../support/pictures.ts';

const size: Size = { width: 64, height: 48 };
const hole = { left: 20, top: 12, width: 24, height: 20 };

export const wave = wavePicture(size) as Rgb;

async function encoded({ width, height, channels, data }: Rgb | Mask): Promise<string> {
  const bytes = await sharp(data, { raw: { width, height, channels } }).png().toBuffer();
  return bytes.toString('base64');
}

export const imageText: string = await encoded(wave);
export const maskText: string = await encoded(boxMask(size, hole));
/** The picture with the hole painted over: what a model without masks is shown. */
const markedText: string = await encoded(paintHole(wave));

function paintHole(picture: Rgb): Rgb {
  const data = new Uint8Array(picture.data);
  for (let y = hole.top; y < hole.top + hole.height; y++) {
    data.fill(255, (y * picture.width + hole.left) * 3, (y * picture.width + hole.left + hole.width) * 3);
  }
  return { ...picture, data };
}

// Bodies are changed in one place by each test, whatever their type.
// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
export type Json = any;

export const imagen3 = 'imagen-3.0-capability-001';
export const segmentation = 'image-segmentation-001';
export const imagen2 = 'imagegeneration@006';
export const gemini = 'gemini-3.1-flash-image';

export function imagen3Body(): Json {
  return {
    instances: [
      {
        prompt: '',
        referenceImages: [
          {
            referenceType: 'REFERENCE_TYPE_RAW',
            referenceId: 1,
            referenceImage: { bytesBase64Encoded: imageText },
          },
          {
            referenceType: 'REFERENCE_TYPE_MASK',
            referenceId: 2,
            referenceImage: { bytesBase64Encoded: maskText },
            maskImageConfig: { maskMode: 'MASK_MODE_USER_PROVIDED', dilation: 0.01 },
          },
        ],
      },
    ],
    parameters: { editMode: 'EDIT_MODE_INPAINT_REMOVAL', editConfig: { baseSteps: 12 }, sampleCount: 1 },
  };
}

export function imagen2Body(): Json {
  return {
    instances: [
      {
        prompt: '',
        image: { bytesBase64Encoded: imageText },
        mask: { image: { bytesBase64Encoded: maskText } },
      },
    ],
    parameters: { sampleCount: 1, editConfig: { editMode: 'inpainting-remove' } },
  };
}

export function generateBody(): Json {
  return { instances: [{ prompt: 'a red fox in the snow' }], parameters: { sampleCount: 1 } };
}

export function upscaleBody(): Json {
  return {
    instances: [{ prompt: '', image: { bytesBase64Encoded: imageText } }],
    parameters: { sampleCount: 1, mode: 'upscale', upscaleConfig: { upscaleFactor: 'x2' } },
  };
}

export function geminiBody(): Json {
  return {
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'Remove everything that is inside the marked region.' },
          { inlineData: { mimeType: 'image/png', data: imageText } },
          { inlineData: { mimeType: 'image/png', data: markedText } },
        ],
      },
    ],
    generationConfig: {
      responseModalities: ['TEXT', 'IMAGE'],
      imageConfig: {
        aspectRatio: '4:3',
        imageSize: '1K',
        imageOutputOptions: { mimeType: 'image/png' },
      },
    },
  };
}

export function segmentationBody(mode = 'FOREGROUND', instance: object = {}): Json {
  return {
    instances: [{ image: { bytesBase64Encoded: imageText }, ...instance }],
    parameters: { mode },
  };
}

export function endpointBody(): Json {
  return { instances: [{ prompt: '', image: imageText, mask_image: maskText }] };
}

/** The URL of a model's method. */
export function methodUrl(base: string, model: string, location?: string, method?: string): string {
  const isGemini = model.startsWith('gemini');
  const where = location ?? (isGemini ? 'global' : 'us-central1');
  const what = method ?? (isGemini ? 'generateContent' : 'predict');
  return `${base}/v1/projects/p/locations/${where}/publishers/google/models/${model}:${what}`;
}

export const endpointUrl = (base: string): string =>
  `${base}/v1/projects/p/locations/us-central1/endpoints/123:predict`;

export async function post(url: string, body: unknown): Promise<{ status: number; json: Json }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', body: text });
  return { status: response.status, json: await response.json() };
}

export const decodeText = (text: string): Promise<Rgb> => decodeRgb(Buffer.from(text, 'base64'));

/** Mean of the absolute differences of two pictures, over the pixels a test chooses. */
export function meanDifference(a: Rgb, b: Rgb, where: (x: number, y: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const p = Math.floor(i / 3);
    if (!where(p % a.width, Math.floor(p / a.width))) continue;
    sum += Math.abs(a.data[i]! - b.data[i]!);
    count++;
  }
  return sum / Math.max(1, count);
}

/** Further than 3 px from the hole, which models may grow. */
export const isOutside = (x: number, y: number): boolean =>
  x < hole.left - 3 || y < hole.top - 3 || x >= hole.left + hole.width + 3 || y >= hole.top + hole.height + 3;
export const isInside = (x: number, y: number): boolean =>
  x >= hole.left && y >= hole.top && x < hole.left + hole.width && y < hole.top + hole.height;
