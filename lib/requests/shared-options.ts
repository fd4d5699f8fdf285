import { z } from 'zod';
import { maskClassIds } from '../engines/imagen/mask-classes.ts';
import {
  languages,
  maxSeed,
  personGenerations,
  type SafetySetting,
  safetySettings,
} from '../engines/imagen/values.ts';

/** Class names or ids, as a list or as text with commas -> ids. */
export const maskClassList = z
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

/** Names the API has given up, and what they are called now. */
const formerSafetySettings = {
  block_most: 'block_low_and_above',
  block_some: 'block_medium_and_above',
  block_few: 'block_only_high',
  block_fewest: 'block_none',
} as const;
type FormerSafetySetting = keyof typeof formerSafetySettings;
const formerNames = Object.keys(formerSafetySettings) as FormerSafetySetting[];

/** Options that editing and generating share. */
export const sharedOptions = {
  negativePrompt: z.string().max(4000).optional().describe('What the result shall not show.'),
  seed: z.int().min(1).max(maxSeed).optional().describe('Makes engines that honour it repeatable.'),
  language: z.enum(languages).optional().describe('Language of the prompt; `auto` lets the model find out.'),
  personGeneration: z
    .enum(personGenerations)
    .optional()
    .describe('Whether people may be painted: nobody, adults, or everybody.'),
  safetySetting: z
    .enum([...safetySettings, ...formerNames])
    .transform((value) => formerSafetySettings[value as FormerSafetySetting] ?? (value as SafetySetting))
    .optional()
    .describe('How much the safety filter of the model takes away. Former names (`block_some`) still work.'),
  addWatermark: z
    .boolean()
    .optional()
    .describe('The invisible watermark of the model; must be false beside a seed.'),
  includeSafetyAttributes: z.boolean().optional().describe('Report the scores of the safety categories too.'),
  labels: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/), z.string().regex(/^[a-z0-9_-]{0,63}$/))
    .optional()
    .describe('Labels for the billing report of Google Cloud.'),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Another model than the configured one, from ALLOWED_MODELS.'),
} as const;
