import { z } from 'zod';
import { maskClassIds } from './mask-classes.ts';
import {
  aspectRatios,
  type FormerSafetySetting,
  formerSafetySettings,
  imageSizes,
  languages,
  maxSeed,
  mediaTypes,
  type PictureFormatName,
  personGenerations,
  type SafetySetting,
  safetySettings,
  upscaleFactors,
} from './values.ts';

export type Operation = 'edit' | 'mask' | 'generate' | 'upscale';

export interface Option {
  /** The operations that take it. */
  readonly of: readonly Operation[];
  /** Range and default: one schema, or one for each operation. */
  readonly schema: z.ZodType | Readonly<Partial<Record<Operation, z.ZodType>>>;
  /**
   * The field of the engine's request that it becomes. Without it this service does the work itself. Such an
   * option is best left without a default: engines that do not take it warn of every value they are given.
   */
  readonly engineField?: string;
  /** For `docs/parameters.md`. */
  readonly description: string;
}

const promptText = z.string().max(4000);
/** What finders look for. */
const foundModes = ['background', 'foreground', 'semantic', 'people', 'prompt'] as const;
const jpegQuality = z.int().min(0).max(100);
const gcsUri = z
  .string()
  .regex(/^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]\/.*$/, 'expected gs://bucket/name');
const formatNames = Object.keys(mediaTypes) as PictureFormatName[];
const formerSafetyNames = Object.keys(formerSafetySettings) as FormerSafetySetting[];

/** Class names or ids, as a list or as text with commas -> ids. */
const maskClassList = z
  .union([z.array(z.union([z.string(), z.int()])), z.string()])
  .transform((value, context) => {
    const list = typeof value === 'string' ? value.split(',') : value;
    try {
      return maskClassIds(list);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'unknown class' });
      return z.NEVER;
    }
  });

const onlyWithBuckets =
  'Only where the function is given buckets, as on one machine; `deploy/` gives it none.';

/**
 * Every option of a request. Request files, form fields, object metadata, `REQUEST_DEFAULTS`, the types of
 * requests and `docs/parameters.md` follow from it: a new option is one entry here, and a capability of each
 * engine that takes it. Only `engine` is missing: the request schemas add it, as its values are the engines.
 */
export const options = {
  mode: {
    of: ['edit'],
    schema: z.enum(['removal', 'insertion']).default('removal'),
    description: 'Remove the object under the mask, or insert a new one there.',
  },
  prompt: {
    of: ['edit', 'generate'],
    schema: { edit: promptText.optional(), generate: z.string().trim().min(1).max(4000) },
    engineField: 'prompt',
    description: 'What the masked area, or the new picture, shall show. Best left out for removals.',
  },
  negativePrompt: {
    of: ['edit', 'generate'],
    schema: promptText.optional(),
    engineField: 'negativePrompt',
    description: 'What the result shall not show.',
  },
  only: {
    of: ['edit'],
    schema: z.enum(['mask', 'preview']).optional(),
    description:
      'For jobs. `mask`: the job ends with the mask that `maskMode` asks for, and repaints nothing; a mask ' +
      'that you send is then a rough stroke over what is wanted. `preview`: it ends with a small WebP of the picture.',
  },
  maskMode: {
    of: ['edit', 'mask'],
    schema: { edit: z.enum(['user', ...foundModes]).default('user'), mask: z.enum(foundModes).optional() },
    engineField: 'automaticMask',
    description:
      '`user`: the mask you send. Otherwise what is to be found, see [masks.md](masks.md): `people`, ' +
      '`foreground`, `background`, `semantic` (`maskClasses`) or `prompt` (`maskPrompt`).',
  },
  maskClasses: {
    of: ['edit', 'mask'],
    schema: maskClassList.optional(),
    engineField: 'automaticMask',
    description: '1 to 5 names or ids of what a `semantic` mask covers, e.g. `["bicycle", "car"]`.',
  },
  maskPrompt: {
    of: ['edit', 'mask'],
    schema: z.string().trim().min(1).max(500).optional(),
    engineField: 'automaticMask',
    description: 'What a `prompt` mask covers, in your words, e.g. `the red car and its shadow`.',
  },
  maskDilation: {
    of: ['edit'],
    schema: z.number().min(0).max(1).optional(),
    engineField: 'maskDilation',
    description: 'Grows only the mask that the model sees, by this fraction of the width of its crop.',
  },
  samples: {
    of: ['edit', 'generate'],
    schema: { edit: z.int().min(1).max(4).default(1), generate: z.int().min(1).max(8).default(1) },
    engineField: 'samples',
    description: 'Number of candidates; the model bills each.',
  },
  aspectRatio: {
    of: ['generate'],
    schema: z.enum(aspectRatios).default('1:1'),
    engineField: 'aspectRatio',
    description: 'Width to height.',
  },
  imageSize: {
    of: ['generate'],
    schema: z.enum(imageSizes).default('1K'),
    engineField: 'imageSize',
    description: 'Approximate length of the longer side.',
  },
  enhancePrompt: {
    of: ['generate'],
    schema: z.boolean().optional(),
    engineField: 'enhancePrompt',
    description: 'Lets the model rewrite the prompt; a seed then has no effect.',
  },
  seed: {
    of: ['edit', 'generate'],
    schema: z.int().min(1).max(maxSeed).optional(),
    engineField: 'seed',
    description: 'Makes the result repeatable, with engines that take one.',
  },
  steps: {
    of: ['edit'],
    schema: z.int().min(1).max(75).optional(),
    engineField: 'steps',
    description: 'Sampling steps; more of them take longer and may look better.',
  },
  guidance: {
    of: ['edit'],
    schema: z.number().min(0).max(500).optional(),
    engineField: 'guidance',
    description: 'How closely the model follows the prompt.',
  },
  language: {
    of: ['edit', 'generate'],
    schema: z.enum(languages).optional(),
    engineField: 'language',
    description: 'Language of the prompt; `auto` lets the model detect it.',
  },
  personGeneration: {
    of: ['edit', 'generate'],
    schema: z.enum(personGenerations).optional(),
    engineField: 'personGeneration',
    description: 'Whether people may be painted: nobody, adults, or everybody.',
  },
  safetySetting: {
    of: ['edit', 'generate'],
    schema: z
      .enum([...safetySettings, ...formerSafetyNames])
      .transform((name) => formerSafetySettings[name as FormerSafetySetting] ?? (name as SafetySetting))
      .optional(),
    engineField: 'safetySetting',
    description: "How much the model's safety filter removes. Former names (`block_some`) still work.",
  },
  addWatermark: {
    of: ['edit', 'generate'],
    schema: z.boolean().optional(),
    engineField: 'addWatermark',
    description: 'Whether the model adds its invisible watermark; must be false beside a seed.',
  },
  includeSafetyAttributes: {
    of: ['edit', 'generate'],
    schema: z.boolean().optional(),
    engineField: 'includeSafetyAttributes',
    description: 'Reports the scores of the safety categories too.',
  },
  modelFormat: {
    of: ['edit'],
    schema: z.enum(['png', 'jpeg']).optional(),
    engineField: 'replyFormat',
    description: 'How the model encodes its answer; lossless PNG when left out.',
  },
  modelQuality: {
    of: ['edit'],
    schema: jpegQuality.optional(),
    engineField: 'replyFormat',
    description: "JPEG quality of the model's answer.",
  },
  format: {
    of: ['generate', 'upscale'],
    schema: z.enum(formatNames).optional(),
    engineField: 'replyFormat',
    description: 'Format of the picture; PNG when left out.',
  },
  quality: {
    of: ['generate', 'upscale'],
    schema: jpegQuality.optional(),
    engineField: 'replyFormat',
    description: 'JPEG quality of the picture; 75 when left out.',
  },
  labels: {
    of: ['edit', 'mask', 'generate', 'upscale'],
    schema: z
      .record(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/), z.string().regex(/^[a-z0-9_-]{0,63}$/))
      .optional(),
    engineField: 'labels',
    description: 'Labels for the billing report of Google Cloud.',
  },
  image: {
    of: ['upscale'],
    schema: z.base64().min(1).optional(),
    description: 'The picture in base64. Beyond 10 MB (7 MB for Gemini) it is sent as JPEG.',
  },
  imageUri: {
    of: ['upscale'],
    schema: gcsUri.optional(),
    description: `The picture as \`gs://bucket/name\` in the input or output bucket. ${onlyWithBuckets}`,
  },
  factor: {
    of: ['upscale'],
    schema: z.enum(upscaleFactors).default('x2'),
    engineField: 'factor',
    description: 'How many times wider and higher; `x3` with imagen-4.0-upscale-preview only.',
  },
  targetSize: {
    of: ['upscale'],
    schema: z.enum(imageSizes).optional(),
    description:
      'Instead of `factor`: about how long the longer side shall be. The factor is the smallest that the ' +
      'longer side needs for it.',
  },
  storageUri: {
    of: ['generate', 'upscale'],
    schema: gcsUri.optional(),
    engineField: 'storageUri',
    description:
      '`gs://bucket/prefix/` in the input or output bucket, where the model writes its pictures. ' +
      onlyWithBuckets,
  },
  model: {
    of: ['edit', 'generate', 'upscale'],
    schema: z.string().min(1).max(200).optional(),
    description: 'Another model than the configured one, from ALLOWED_MODELS.',
  },
  outputFormat: {
    of: ['edit'],
    schema: z.enum(['same', 'jpeg', 'png', 'webp']).default('same'),
    description: 'Format of the result; only `same` keeps every untouched JPEG block.',
  },
  outputQuality: {
    of: ['edit'],
    schema: z.int().min(1).max(100).optional(),
    description: 'Quality of the result where it is encoded again.',
  },
  jpegBlocks: {
    of: ['edit'],
    schema: z.enum(['touched', 'inside']).default('touched'),
    description:
      'JPEG blocks (8 to 16 px) that may change: all that the mask touches, or only those inside it, ' +
      'so that no pixel outside changes.',
  },
  detail: {
    of: ['edit'],
    schema: z.enum(['single', 'tiles']).default('single'),
    description:
      'One call for each area, or further calls for tiles that restore the detail of a large picture. ' +
      'Tiles need a mask that you send.',
  },
  polarity: {
    of: ['edit'],
    schema: z.enum(['white', 'black']).default('white'),
    description:
      'Which mask value is edited: white, or black for inverted masks. Given, it ends all guesses about the mask.',
  },
  dilationPx: {
    of: ['edit', 'mask'],
    schema: z.int().min(0).max(512).optional(),
    description:
      'Grows the edited area beyond the mask, pixels of the original. A mask that was found for a removal ' +
      'grows by 1 % of the width when this is left out.',
  },
  effects: {
    of: ['edit'],
    schema: z.enum(['ignore', 'include']).optional(),
    engineField: 'includesEffects',
    description:
      '`include`: the mask may grow by what the model changed right beside it, such as the shadow or the ' +
      'reflection of what it took away: by at most 15 % of the box of the mask, and what changed is told.',
  },
  featherPx: {
    of: ['edit'],
    schema: z.int().min(0).max(256).optional(),
    description: 'Width of the blend inside the edge of the mask, pixels of the original.',
  },
} as const satisfies Readonly<Record<string, Option>>;
