import { z } from 'zod';
import type { Size } from '../../../lib/pixels/raster.ts';
import { ApiError, invalidField } from './api-error.ts';
import { labelsField, parseBody } from './fields.ts';
import type { Model } from './models.ts';

/** Pixels of an answer at 1K; 2K doubles them, 4K quadruples them. */
const pixelsAt1K: Readonly<Record<string, readonly [number, number]>> = {
  '1:1': [1024, 1024],
  '2:3': [848, 1264],
  '3:2': [1264, 848],
  '3:4': [896, 1200],
  '4:3': [1200, 896],
  '4:5': [928, 1152],
  '5:4': [1152, 928],
  '9:16': [768, 1376],
  '16:9': [1376, 768],
  '21:9': [1584, 672],
};
const pixelsOf25: typeof pixelsAt1K = {
  '1:1': [1024, 1024],
  '2:3': [832, 1248],
  '3:2': [1248, 832],
  '3:4': [864, 1184],
  '4:3': [1184, 864],
  '4:5': [896, 1152],
  '5:4': [1152, 896],
  '9:16': [768, 1344],
  '16:9': [1344, 768],
  '21:9': [1536, 672],
};
const extremePixelsAt1K: typeof pixelsAt1K = {
  '1:4': [512, 2048],
  '4:1': [2048, 512],
  '1:8': [384, 3072],
  '8:1': [3072, 384],
};
const factors: Readonly<Record<string, number>> = { '1K': 1, '2K': 2, '4K': 4 };

const part = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ inlineData: z.strictObject({ mimeType: z.string(), data: z.string().min(1) }) }),
  z.strictObject({
    fileData: z.strictObject({ mimeType: z.string(), fileUri: z.string().startsWith('gs://') }),
  }),
]);

const content = z.strictObject({
  role: z.enum(['user', 'model']).optional(),
  parts: z.array(part).min(1),
});

const generationConfig = z.strictObject({
  responseModalities: z.array(z.enum(['TEXT', 'IMAGE'])).optional(),
  candidateCount: z.literal(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.number().optional(),
  seed: z.int().optional(),
  maxOutputTokens: z.int().min(1).optional(),
  stopSequences: z.array(z.string()).optional(),
  thinkingConfig: z
    .strictObject({ thinkingLevel: z.string().optional(), includeThoughts: z.boolean().optional() })
    .optional(),
  imageConfig: z
    .strictObject({
      aspectRatio: z.string().optional(),
      imageSize: z.string().optional(),
      personGeneration: z.enum(['ALLOW_ALL', 'ALLOW_ADULT', 'ALLOW_NONE']).optional(),
      prominentPeople: z.string().optional(),
      imageOutputOptions: z
        .strictObject({
          mimeType: z.enum(['image/png', 'image/jpeg']).optional(),
          compressionQuality: z.int().min(0).max(100).optional(),
        })
        .optional(),
    })
    .optional(),
});

const schema = z.strictObject({
  contents: z.array(content).min(1),
  systemInstruction: z.strictObject({ role: z.string().optional(), parts: z.array(part) }).optional(),
  safetySettings: z
    .array(
      z.strictObject({
        category: z.string().startsWith('HARM_CATEGORY_'),
        threshold: z.enum([
          'BLOCK_LOW_AND_ABOVE',
          'BLOCK_MEDIUM_AND_ABOVE',
          'BLOCK_ONLY_HIGH',
          'BLOCK_NONE',
          'OFF',
        ]),
        method: z.enum(['SEVERITY', 'PROBABILITY']).optional(),
      }),
    )
    .optional(),
  generationConfig: generationConfig.optional(),
  labels: labelsField.optional(),
});

export type GeminiPart = z.output<typeof part>;

export interface GeminiOrder {
  readonly parts: readonly GeminiPart[];
  /** `undefined`: that of the last image. */
  readonly aspectRatio: string | undefined;
  readonly factor: number;
  readonly mimeType: string;
  readonly compressionQuality: number | undefined;
  readonly wantsImage: boolean;
  /** Of the picture, and of thoughts. */
  readonly tokens: { readonly image: number; readonly thoughts: number };
}

/**
 * Reads a `:generateContent` body of an image model.
 *
 * @throws {ApiError} 400 for everything the model refuses.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
 */
export function geminiOrder(body: unknown, model: Model): GeminiOrder {
  const parsed = parseBody(schema, body);
  const { responseModalities = ['TEXT', 'IMAGE'], imageConfig } = parsed.generationConfig ?? {};
  const { aspectRatio, imageSize = '1K', imageOutputOptions } = imageConfig ?? {};
  const field = 'generationConfig.imageConfig';
  checkThinking(parsed.generationConfig?.thinkingConfig?.thinkingLevel, model);
  if (model.hasOneSize && imageConfig?.imageSize !== undefined) {
    throw new ApiError(400, `image_size is not supported for ${model.id}`);
  }
  if (aspectRatio !== undefined && ratiosOf(model)[aspectRatio] === undefined) {
    throw invalidField(`${field}.aspectRatio`, `Expected one of ${Object.keys(ratiosOf(model)).join(', ')}`);
  }
  if (!model.imageSizes.includes(imageSize)) {
    throw invalidField(`${field}.imageSize`, `Expected one of ${model.imageSizes.join(', ')}`);
  }
  if (parsed.contents.at(-1)?.role === 'model') {
    throw new ApiError(400, 'Please ensure that the last content is of role user');
  }
  return {
    parts: parsed.contents.flatMap(({ parts }) => parts),
    aspectRatio,
    factor: factors[imageSize] ?? 1,
    mimeType: imageOutputOptions?.mimeType ?? 'image/png',
    compressionQuality: imageOutputOptions?.compressionQuality,
    wantsImage: responseModalities.includes('IMAGE'),
    tokens: {
      image: model.imageTokens[model.imageSizes.indexOf(imageSize)] ?? model.imageTokens[0],
      thoughts: thoughtTokens[parsed.generationConfig?.thinkingConfig?.thinkingLevel ?? ''] ?? 0,
    },
  };
}

/** About what a level takes; a model that is not told thinks for the emulator nothing. */
const thoughtTokens: Readonly<Record<string, number>> = { MINIMAL: 40, MEDIUM: 400, HIGH: 1500 };

function checkThinking(level: string | undefined, { id, thinkingLevels }: Model): void {
  if (level === undefined || thinkingLevels.includes(level)) return;
  if (thinkingLevels.length === 0) throw new ApiError(400, `Thinking level is not supported for ${id}`);
  const expected = `Expected one of ${thinkingLevels.join(', ')}`;
  throw invalidField('generationConfig.thinkingConfig.thinkingLevel', expected);
}

function ratiosOf({ hasExtremeRatios, hasPixelsOf25 }: Model): typeof pixelsAt1K {
  if (hasPixelsOf25) return pixelsOf25;
  return hasExtremeRatios ? { ...pixelsAt1K, ...extremePixelsAt1K } : pixelsAt1K;
}

/** Pixels of the answer. Without a ratio it has the one nearest to that of the last image. */
export function outputSize(
  { aspectRatio, factor }: GeminiOrder,
  lastImage: Size | undefined,
  model: Model,
): Size {
  const table = ratiosOf(model);
  const [width, height] = table[aspectRatio ?? nearestRatio(table, lastImage)] ?? [1024, 1024];
  return { width: width * factor, height: height * factor };
}

function nearestRatio(table: typeof pixelsAt1K, image: Size | undefined): string {
  if (image === undefined) return '1:1';
  const distanceOf = ([width, height]: readonly [number, number]) =>
    Math.abs(Math.log((width * image.height) / (height * image.width)));
  const [nearest] = Object.entries(table).toSorted(([, a], [, b]) => distanceOf(a) - distanceOf(b));
  return nearest?.[0] ?? '1:1';
}
