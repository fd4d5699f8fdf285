import { z } from 'zod';
import { aspectRatios, imageSizes, upscaleFactors } from '../requests/values.ts';

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

const price = z.number().min(0);

const entrySchema = z.strictObject({
  apis: z.array(z.enum(modelApis)).min(1).describe('Protocols the model is served by.'),
  location: z.string().optional().describe('Where it is served; used when LOCATION is not set.'),
  state: z.enum(['current', 'retired', 'unknown']).optional(),
  until: z.iso.date().optional().describe('Last day on which it is served for sure.'),
  successor: z.string().optional().describe('What to set instead once it is gone.'),
  imageSizes: z.array(z.enum(imageSizes)).min(1).optional().describe('Sizes it answers in.'),
  takesImageSize: z
    .boolean()
    .optional()
    .describe('False: it answers in one size, and refuses to be told which.'),
  aspectRatios: z.array(z.enum(aspectRatios)).min(1).readonly().optional().describe('Ratios it answers in.'),
  answerPixels: z.enum(['gemini-2.5', 'gemini-3']).optional().describe('Whose table its answers follow.'),
  thinkingLevel: z
    .enum(['minimal', 'low', 'medium', 'high'])
    .optional()
    .describe('Sent where it is given: thinking is billed. Else the model decides.'),
  maxSidePx: z.int().min(256).max(8192).optional().describe('Longer side of its answers, for mask edits.'),
  upscaleFactors: z.array(z.enum(upscaleFactors)).optional(),
  maxSamples: z.int().min(1).max(8).optional(),
  takesNegativePrompt: z.boolean().optional(),
  optionalFields: z
    .array(z.string().regex(/^[\w.]+$/))
    .optional()
    .describe('Paths of fields that are left out when the model refuses them; those of its API otherwise.'),
  usdPerImage: z
    .partialRecord(z.enum(imageSizes), price)
    .optional()
    .describe('List price of one image by size.'),
  usdPerMillionTokens: z
    .strictObject({ input: price, text: price, image: price })
    .optional()
    .describe('List price of what goes in, of words and thoughts, and of pictures that come out.'),
  tiers: z
    .array(z.enum(['flex', 'priority']))
    .optional()
    .describe('Tiers that it has; where nobody says, its first answer does.'),
  pricedOn: z.iso.date().optional().describe('The day on which its prices were read.'),
  source: z.url().optional().describe('Where they were read: the list of the service, or who repeats it.'),
  priceNote: z.string().optional().describe('Which prices were not read in the list of the service itself.'),
});

export type ModelEntry = Readonly<z.infer<typeof entrySchema>>;

/** The shape of the `MODELS` setting: entries that replace or add to the table of known models. */
export const modelTableSchema = z.record(z.string().min(1), entrySchema);
export type ModelTable = Readonly<Record<string, ModelEntry>>;
