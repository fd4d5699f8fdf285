import { z } from 'zod';
import { jobSchema } from './job-schema.ts';

const least = (schema: z.ZodType) => z.strictObject({ min: schema, max: schema });
const box = z.strictObject({ left: z.int(), top: z.int(), width: z.int(), height: z.int() });
const priced = {
  engine: z.string(),
  calls: least(z.int().min(0)).describe('Calls of the model.'),
  costEstimateUsd: least(z.number().min(0)).nullable().describe('By list price; null where none is known.'),
  warnings: z.array(z.string()),
};

/** What an edit would do. */
export const planSchema = z.strictObject({
  ...priced,
  regions: z.array(
    z.strictObject({
      box: box.describe('What the model sees, pixels of the picture as displayed.'),
      frame: z.strictObject({ width: z.int(), height: z.int() }).describe('The size in which it is sent.'),
      scale: z.number().describe('Pixels of the picture for one of the frame.'),
    }),
  ),
  maskCoverage: z.number().min(0).max(1).optional().describe('Share of the picture under the mask.'),
  outputFormat: z.string().optional(),
  outside: z
    .enum(['exact', 'touched-blocks', 're-encoded'])
    .optional()
    .describe('What will be the same outside the mask.'),
});

/** What new pictures would cost. */
export const picturesPlanSchema = z.strictObject(priced);

export const jobListSchema = z.strictObject({
  jobs: z.array(jobSchema),
  nextPageToken: z.string().nullable(),
});

export const startedUploadSchema = z.strictObject({
  id: z.uuid(),
  chunkBytes: z.int(),
  location: z.string(),
});

export const finishedUploadSchema = z.strictObject({ id: z.uuid() });

export const editAnswerSchema = z.object({
  outputs: z.array(
    z.strictObject({
      mediaType: z.string(),
      bytesBase64Encoded: z.string().optional(),
      uri: z.string().optional(),
    }),
  ),
  report: z.object({ engine: z.string() }).loose().describe('As in manifest.json.'),
});

export const maskAnswerSchema = z.object({
  mask: z.strictObject({ mediaType: z.string(), bytesBase64Encoded: z.string() }),
  report: z.object({ maskCoverage: z.number() }).loose(),
});

export const picturesAnswerSchema = z
  .object({
    engine: z.string(),
    calls: z.int(),
    warnings: z.array(z.string()),
    pictures: z.array(z.object({ kind: z.string() }).loose()),
  })
  .loose();

export const capabilitiesSchema = z.strictObject({
  version: z.string(),
  engine: z.string(),
  model: z.string().nullable(),
  engines: z.array(
    z.strictObject({
      name: z.string(),
      model: z.string().nullable(),
      notices: z.array(z.string()).describe('What to know before choosing it, such as that it is retired.'),
      modes: z.array(z.string()),
      automaticMasks: z.array(z.string()),
      finders: z.array(z.string()).describe('What finds masks beside this engine; the first that can does.'),
      options: z.object({}).loose().describe('Option -> how the engine takes it.'),
    }),
  ),
  finders: z.array(
    z.strictObject({
      name: z.string(),
      modes: z.array(z.string()).describe('maskMode; `interactive` is a rough stroke beside only: mask.'),
      classes: z.array(z.string()).describe('Names for maskClasses.'),
    }),
  ),
  fields: z.object({}).loose().describe('JSON Schema of the fields of an edit.'),
  limits: z.strictObject({
    maxImageBytes: z.int(),
    maxImagePixels: z.int(),
    maxRequestBytes: z.int().nullable(),
  }),
  formats: z.array(z.strictObject({ name: z.string(), mediaType: z.string() })),
  priceUsd: z.object({}).loose().nullable().describe('List price of one picture by size.'),
});
