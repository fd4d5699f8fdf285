import sharp from 'sharp';
import {
  type ModelEmulator,
  type ModelEmulatorOptions,
  startModelEmulator,
} from '../../../../deploy/local/model/emulator.ts';
import { decodeRgb, type Rgb } from '../../../../deploy/local/model/pixels.ts';
import type { Removal } from '../../../../deploy/local/model/removal.ts';
import type { Mask, Size } from '../../../../lib/pixels/raster.ts';
import { boxMask, wavePicture } from '../../../support/pictures.ts';

/** Fills with one grey: removals are told apart from everything else at a glance. */
export const greyRemoval: Removal = async (crop, mask) => {
  const data = new Uint8Array(crop.data);
  for (let i = 0; i < data.length; i++) if (mask.data[Math.floor(i / 3)] !== 0) data[i] = 90;
  return { ...crop, data };
};

/** Answers of 64 px where the models give 1024. */
export const testScale = 1 / 16;

export const startEmulator = (options: ModelEmulatorOptions = {}): Promise<ModelEmulator> =>
  startModelEmulator({ removal: greyRemoval, scale: testScale, ...options });

export const size: Size = { width: 64, height: 48 };
export const hole = { left: 20, top: 12, width: 24, height: 20 };

export const wave = (of: Size = size): Rgb => wavePicture(of) as Rgb;

export async function encoded(raster: Rgb | Mask, format: 'png' | 'jpeg' = 'png'): Promise<string> {
  const { width, height, channels, data } = raster;
  const bytes = await sharp(data, { raw: { width, height, channels } }).toFormat(format).toBuffer();
  return bytes.toString('base64');
}

export const imageText: string = await encoded(wave());
export const maskText: string = await encoded(boxMask(size, hole));
/** The picture with the hole painted over: what a model without masks is shown. */
export const markedText: string = await encoded(paintHole(wave(), 255));

export function paintHole(picture: Rgb, level: number): Rgb {
  const data = new Uint8Array(picture.data);
  for (let y = hole.top; y < hole.top + hole.height; y++) {
    data.fill(level, (y * picture.width + hole.left) * 3, (y * picture.width + hole.left + hole.width) * 3);
  }
  return { ...picture, data };
}

// Bodies are changed in one place by each test, whatever their type.
// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
export type Json = any;

export const imagen3 = 'imagen-3.0-capability-001';
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

export function endpointBody(): Json {
  return { instances: [{ prompt: '', image: imageText, mask_image: maskText }] };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', body: text, headers });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, json: parse(answer) };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The URL of a model's method. */
export function methodUrl(base: string, model: string, location?: string, method?: string): string {
  const isGemini = model.startsWith('gemini');
  const where = location ?? (isGemini ? 'global' : 'us-central1');
  const what = method ?? (isGemini ? 'generateContent' : 'predict');
  return `${base}/v1/projects/p/locations/${where}/publishers/google/models/${model}:${what}`;
}

export const decodeText = (text: string): Promise<Rgb> => decodeRgb(Buffer.from(text, 'base64'));

/** Mean of the absolute differences of two pictures, over the pixels a test chooses. */
export function meanDifference(a: Rgb, b: Rgb, where: (x: number, y: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let y = 0; y < a.height; y++) {
    for (let x = 0; x < a.width; x++) {
      if (!where(x, y)) continue;
      for (let c = 0; c < 3; c++) {
        sum += Math.abs(a.data[(y * a.width + x) * 3 + c]! - b.data[(y * a.width + x) * 3 + c]!);
        count++;
      }
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** Further than `marginPx` from the hole, which models may grow. */
export const isOutside =
  (marginPx = 3) =>
  (x: number, y: number): boolean =>
    x < hole.left - marginPx ||
    y < hole.top - marginPx ||
    x >= hole.left + hole.width + marginPx ||
    y >= hole.top + hole.height + marginPx;
export const isInside = (x: number, y: number): boolean =>
  x >= hole.left && y >= hole.top && x < hole.left + hole.width && y < hole.top + hole.height;
