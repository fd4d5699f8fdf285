import { aspectRatios } from '../requests/values.ts';
import type { ModelEntry, ModelTable } from './model-entry.ts';

/** Models of edits where `MODEL` is not set. */
export const defaultModels = {
  gemini: 'gemini-nano-banana-2.1',
  imagen: 'imagen-3.0-capability-001',
  imagen2: 'imagegeneration@006',
} as const;

/**
 * The defaults of version 0.1, where they were others. The ids of jobs still name them: a changed default
 * must not do a bucket again.
 */
export const firstDefaults: Readonly<Record<string, string>> = { gemini: 'gemini-3.1-flash-image' };

const edits = defaultModels.gemini;
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
/** What Gemini image models have in common. */
const gemini: ModelEntry = {
  apis: ['gemini'],
  location: 'global',
  state: 'current',
  imageSizes: ['1K', '2K', '4K'],
  pricedOn: '2026-11-01',
};

/** Models that answer in one size and refuse the field that names it. */
const gemini1K: ModelEntry = { ...gemini, imageSizes: ['1K'], takesImageSize: false, successor: edits };

/**
 * What is known about each model. Prices are USD by list; those of pictures are without input tokens. The
 * `MODELS` setting overrides every entry. `npm run release` asks for a table that was read lately, and tells
 * which prices nobody of this project has read in the list of Google.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/pricing (the list)
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/deprecations (days until which they are served)
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
  // Generally available since 2026-10-06. Left to itself it thinks at `medium`.
  'gemini-nano-banana-2.1': {
    ...gemini,
    aspectRatios,
    thinkingLevel: 'minimal',
    usdPerImage: { '1K': 0.0336, '2K': 0.0504, '4K': 0.1134 },
    usdPerMillionTokens: { input: 1.5, text: 7.5, image: 30 },
    source: 'https://github.com/BerriAI/litellm/discussions/44983',
    priceNote: 'second hand; 2K follows from its tokens',
  },
  'gemini-3.1-flash-image': {
    ...gemini,
    until: '2027-05-28',
    successor: edits,
    usdPerImage: { '1K': 0.067, '2K': 0.101, '4K': 0.151 },
    usdPerMillionTokens: { input: 0.5, text: 3, image: 60 },
    source: 'https://blog.laozhang.ai/en/posts/gemini-3-1-flash-image-preview',
    priceNote: 'second hand; tokens from a calculator',
  },
  // Its tokens have no public price.
  'gemini-3.1-flash-lite-image': { ...gemini1K, usdPerImage: { '1K': 0.0336 }, priceNote: 'second hand' },
  'gemini-3-pro-image': {
    ...gemini,
    successor: edits,
    usdPerImage: { '1K': 0.134, '2K': 0.134, '4K': 0.24 },
    usdPerMillionTokens: { input: 2, text: 12, image: 120 },
    source: 'https://console.core.today/en/docs/models/gemini-3-pro-image-preview',
    priceNote: 'second hand',
  },
  'gemini-2.5-flash-image': {
    ...gemini1K,
    until: '2027-03-15',
    answerPixels: 'gemini-2.5',
    usdPerImage: { '1K': 0.039 },
    usdPerMillionTokens: { input: 0.3, text: 2.5, image: 30 },
    source: 'https://discuss.ai.google.dev/t/issue-with-url-context-tooling/101173',
    priceNote: 'second hand; words from memory',
  },
};
