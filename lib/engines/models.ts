import { z } from 'zod';
import { type ImageSize, imageSizes, upscaleFactors } from '../requests/values.ts';

/** The protocols this system speaks; a model may be served by several. */
const modelApis = [
  'imagen',
  'imagen2',
  'imagen-generate',
  'imagen-upscale',
  'gemini',
  'endpoint',
  'segmentation',
] as const;
export type ModelApi = (typeof modelApis)[number];

const entrySchema = z.strictObject({
  apis: z.array(z.enum(modelApis)).min(1).describe('Protocols the model is served by.'),
  location: z.string().optional().describe('Where it is served; used when LOCATION is not set.'),
  state: z.enum(['current', 'retired', 'unknown']).optional(),
  successor: z.string().optional().describe('What to set instead once it is gone.'),
  imageSizes: z.array(z.enum(imageSizes)).min(1).optional().describe('Sizes it answers in.'),
  maxSidePx: z.int().min(256).max(8192).optional().describe('Longer side of its answers, for mask edits.'),
  upscaleFactors: z.array(z.enum(upscaleFactors)).optional(),
  maxSamples: z.int().min(1).max(8).optional(),
  takesNegativePrompt: z.boolean().optional(),
  optionalFields: z
    .array(z.string().regex(/^[\w.]+$/))
    .optional()
    .describe('Paths of fields that are left out when the model refuses them; those of its API otherwise.'),
  usdPerImage: z
    .partialRecord(z.enum(imageSizes), z.number().min(0))
    .optional()
    .describe('List price of one image by size, for the estimate only.'),
});

export type ModelEntry = Readonly<z.infer<typeof entrySchema>>;

/** The shape of the `MODELS` setting: entries that replace or add to the table below. */
export const modelTableSchema = z.record(z.string().min(1), entrySchema);
export type ModelTable = Readonly<Record<string, ModelEntry>>;

const edits = 'gemini-3.1-flash-image';
const imagenRegion = 'us-central1';
const imagen4: ModelEntry = {
  apis: ['imagen-generate'],
  location: imagenRegion,
  state: 'retired',
  successor: edits,
  imageSizes: ['1K', '2K'],
  takesNegativePrompt: false,
};
const imagen3: ModelEntry = {
  apis: ['imagen-generate'],
  location: imagenRegion,
  state: 'retired',
  successor: edits,
  imageSizes: ['1K'],
  usdPerImage: { '1K': 0.04 },
};
const gemini: ModelEntry = {
  apis: ['gemini'],
  location: 'global',
  state: 'current',
  imageSizes: ['1K', '2K', '4K'],
};

/**
 * What is known about each model. Prices are USD for one answer image without input tokens, gathered from
 * public price pages in 2026; they serve the cost estimate only. The `MODELS` setting overrides every entry.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/pricing
 */
export const knownModels: ModelTable = {
  'imagen-3.0-capability-001': {
    apis: ['imagen', 'imagen-generate'],
    location: imagenRegion,
    state: 'retired',
    successor: edits,
    imageSizes: ['1K'],
    maxSidePx: 1024,
    usdPerImage: { '1K': 0.04 },
  },
  'imagegeneration@006': {
    apis: ['imagen2', 'imagen-generate'],
    location: imagenRegion,
    state: 'retired',
    successor: edits,
    imageSizes: ['1K'],
    maxSidePx: 1024,
    usdPerImage: { '1K': 0.02 },
  },
  'imagegeneration@005': { ...imagen3, usdPerImage: { '1K': 0.02 } },
  'imagegeneration@002': {
    ...imagen3,
    apis: ['imagen-generate', 'imagen-upscale'],
    maxSamples: 8,
    upscaleFactors: ['x2', 'x4'],
    usdPerImage: { '1K': 0.02 },
  },
  'imagen-4.0-generate-001': { ...imagen4, usdPerImage: { '1K': 0.04, '2K': 0.04 } },
  'imagen-4.0-ultra-generate-001': { ...imagen4, usdPerImage: { '1K': 0.06, '2K': 0.06 } },
  'imagen-4.0-fast-generate-001': { ...imagen4, imageSizes: ['1K'], usdPerImage: { '1K': 0.02 } },
  'imagen-3.0-generate-002': { ...imagen3, takesNegativePrompt: false },
  'imagen-3.0-generate-001': imagen3,
  'imagen-3.0-fast-generate-001': { ...imagen3, usdPerImage: { '1K': 0.02 } },
  'imagen-4.0-upscale-preview': {
    apis: ['imagen-upscale'],
    location: imagenRegion,
    state: 'unknown',
    successor: edits,
    upscaleFactors: ['x2', 'x3', 'x4'],
  },
  'image-segmentation-001': { apis: ['segmentation'], location: imagenRegion, state: 'current' },
  'gemini-nano-banana-2.1': gemini,
  'gemini-3.1-flash-image': { ...gemini, usdPerImage: { '1K': 0.067, '2K': 0.101, '4K': 0.151 } },
  'gemini-3-pro-image': { ...gemini, usdPerImage: { '1K': 0.134, '2K': 0.134, '4K': 0.24 } },
};

/** The entry of a model: configuration first, then the table; `undefined` for ids nobody has described. */
export function modelEntry(model: string, overrides: ModelTable = {}): ModelEntry | undefined {
  return lookUp(overrides, model) ?? lookUp(knownModels, model);
}

function lookUp(table: ModelTable, model: string): ModelEntry | undefined {
  return Object.hasOwn(table, model) ? table[model] : undefined;
}

/** Longer sides of the largest answers (21:9) sold as 1K and as 2K, pixels. */
const maxSideOf1K = 1584;
const maxSideOf2K = 2 * maxSideOf1K;

/**
 * List price of `images` answers in a frame, USD. A model without a price for the size is estimated by its
 * next larger one, else by its highest; `undefined` where no price is known.
 */
export function estimateUsd(
  entry: ModelEntry | undefined,
  frame: { readonly width: number; readonly height: number },
  images: number,
): number | undefined {
  const side = Math.max(frame.width, frame.height);
  const size: ImageSize = side <= maxSideOf1K ? '1K' : side <= maxSideOf2K ? '2K' : '4K';
  const prices = entry?.usdPerImage ?? {};
  const larger = imageSizes.slice(imageSizes.indexOf(size)).map((name) => prices[name]);
  const price = larger.find((usd) => usd !== undefined) ?? prices['2K'] ?? prices['1K'];
  return price === undefined ? undefined : price * images;
}
