import { imageSizes, personGenerations, safetySettings, usualRatios } from '../requests/values.ts';
import type { EngineEntry } from './entry.ts';
import { replyFormat } from './imagen.ts';

const shared = {
  negativePrompt: { note: 'said in words' },
  samples: { range: [1, 4], note: 'one call each' },
  personGeneration: { values: personGenerations },
  safetySetting: { values: safetySettings },
  labels: {},
} as const;

/** Gemini image models. They take no mask: the region is marked in a copy of the crop and described. */
export const gemini: EngineEntry = {
  capabilities: {
    modes: ['removal', 'insertion'],
    masks: 'described',
    // The model may answer in words; each try is billed, so there is one more chance, not many.
    maxCallsPerSample: 2,
    options: {
      prompt: { note: 'required for insertion; for removal what the region shows afterwards' },
      automaticMask: {
        values: ['background', 'foreground', 'semantic', 'people', 'prompt'],
        note: 'in a call of its own',
      },
      includesEffects: { note: 'told in words' },
      ...shared,
      replyFormat,
    },
    generate: (entry) => ({
      prompt: { note: 'required' },
      ...shared,
      aspectRatio: { values: entry?.aspectRatios ?? usualRatios },
      imageSize: { values: entry?.imageSizes ?? imageSizes },
      replyFormat: { default: 'image/png', note: 'PNG and JPEG only' },
    }),
  },
  hasOneModel: true,
  make: async (options) => (await import('./gemini/edit.ts')).geminiEngine(options),
  makeGenerator: async (options) => (await import('./gemini/generate.ts')).geminiGenerator(options),
  makeUpscaler: async (options) => (await import('./gemini/upscale.ts')).geminiUpscaler(options),
};
