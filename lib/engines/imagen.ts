import { languages, maxSeed, personGenerations, safetySettings } from '../requests/values.ts';
import type { OptionRule } from './capabilities.ts';
import type { EngineEntry } from './entry.ts';

const unset = 'left to the API';
/** Options that all Imagen APIs take alike, from their reference pages. */
const shared = {
  seed: { range: [1, maxSeed], note: 'only with addWatermark false' },
  language: { values: languages, default: unset },
  personGeneration: { values: personGenerations, default: 'allow_adult' },
  safetySetting: { values: safetySettings, default: 'block_medium_and_above' },
  addWatermark: { default: true },
  includeSafetyAttributes: { default: false },
  labels: {},
} as const;
export const replyFormat: OptionRule = {
  default: 'image/png',
  note: 'JPEG quality 0..100, 75 when left out',
};

/** Edits by Imagen 3 (`imagen-3.0-capability-001`); text to image and upscaling by Imagen 2 to 4. */
export const imagen = {
  capabilities: {
    modes: ['removal', 'insertion'],
    masks: 'native',
    maxCallsPerSample: 1,
    options: {
      prompt: { note: 'required for insertion; best left out for removal' },
      negativePrompt: { insertionOnly: true, note: 'insertion only' },
      automaticMask: {
        values: ['background', 'foreground', 'semantic', 'people'],
        note: 'semantic: 1 to 5 classes',
      },
      maskDilation: { range: [0, 1], default: 0.01 },
      samples: { range: [1, 4] },
      steps: { range: [1, 75], default: 'removal 12, insertion 35' },
      guidance: { range: [0, 500], default: unset },
      replyFormat,
      ...shared,
    },
    generate: (entry) => ({
      prompt: { note: 'required' },
      ...(entry?.takesNegativePrompt !== false && {
        negativePrompt: { note: 'not for imagen-3.0-generate-002 and newer' },
      }),
      samples: { range: [1, entry?.maxSamples ?? 4], note: 'imagegeneration@002 up to 8' },
      aspectRatio: { values: ['1:1', '3:4', '4:3', '16:9', '9:16'] },
      imageSize: { values: entry?.imageSizes ?? ['1K', '2K'] },
      enhancePrompt: { default: true },
      replyFormat,
      storageUri: { note: 'in an allowed bucket' },
      ...shared,
    }),
  },
  make: async (options) => (await import('./imagen/edit.ts')).imagenEngine(options),
  makeGenerator: async (options) => (await import('./imagen/generate.ts')).imagenGenerator(options),
  makeUpscaler: async (options) => (await import('./imagen/upscale.ts')).imagenUpscaler(options),
} satisfies EngineEntry;
