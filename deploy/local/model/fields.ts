import { z } from 'zod';
import { ApiError, type FieldViolation } from './api-error.ts';

/** Fields that several request shapes share, with the ranges of the reference pages. */

/**
 * A body -> what the schema makes of it. The service ignores some unknown fields; here they are refused,
 * since a field nobody reads is an error nobody sees.
 *
 * @throws {ApiError} 400 naming every field that is wrong.
 */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const violations = parsed.error.issues.map(violationOf);
  const list = violations.map(({ field, description }) => `'${field}': ${description}`).join('; ');
  throw new ApiError(400, `Invalid value at ${list}`, { violations });
}

function violationOf({ path, message }: z.core.$ZodIssue): FieldViolation {
  const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return { field: field.replace(/^\./, '') || 'body', description: message };
}

/** Google's SDK writes these in capitals, the reference pages in small letters: both are taken. */
function anyCase<const T extends readonly [string, ...string[]]>(values: T) {
  return z.string().toLowerCase().pipe(z.enum(values));
}

export const imageField = z
  .strictObject({
    bytesBase64Encoded: z.string().min(1).optional(),
    gcsUri: z
      .string()
      .regex(/^gs:\/\/[^/]+\/.+$/)
      .optional(),
    mimeType: z.string().startsWith('image/').optional(),
  })
  .refine(({ bytesBase64Encoded, gcsUri }) => (bytesBase64Encoded === undefined) !== (gcsUri === undefined), {
    error: 'Expected either bytesBase64Encoded or gcsUri',
  });
export type ImageField = z.output<typeof imageField>;

export const outputMimeTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/tiff',
  'image/vnd.microsoft.icon',
] as const;

export const outputOptionsField = z.strictObject({
  mimeType: z.enum(outputMimeTypes).optional(),
  compressionQuality: z.int().min(0).max(100).optional(),
});

export const labelsField = z.record(
  z.string().regex(/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u),
  z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u),
);

export const safetyFields = {
  personGeneration: anyCase(['dont_allow', 'allow_adult', 'allow_all']).optional(),
  safetySetting: anyCase([
    'block_low_and_above',
    'block_medium_and_above',
    'block_only_high',
    'block_none',
    'block_most',
    'block_some',
    'block_few',
    'block_fewest',
  ]).optional(),
  includeRaiReason: z.boolean().default(true),
};

export const samplingFields = {
  sampleCount: z.int().min(1).max(8).default(4),
  seed: z.int().min(1).max(2_147_483_647).optional(),
  addWatermark: z.boolean().default(true),
  negativePrompt: z.string().optional(),
  guidanceScale: z.number().min(0).max(500).optional(),
  language: z.enum(['auto', 'en', 'zh', 'zh-CN', 'zh-TW', 'hi', 'ja', 'ko', 'pt', 'es']).optional(),
  includeSafetyAttributes: z.boolean().default(false),
};

export const outputFields = {
  outputOptions: outputOptionsField.optional(),
  storageUri: z
    .string()
    .regex(/^gs:\/\/[^/]+(\/.*)?$/)
    .optional(),
};

/** 1 to 5 of the 194 classes. */
export const maskClassesField = z.array(z.int().min(0).max(193)).min(1).max(5);
/** Fraction of the width of the picture. */
export const dilationField = z.number().min(0).max(1);

/** @throws {ApiError} 400 for a seed beside a watermark, or more samples than the model gives. */
export function checkSampling(
  parameters: {
    readonly seed?: number | undefined;
    readonly addWatermark: boolean;
    readonly sampleCount: number;
  },
  maxSamples = 4,
): void {
  const { seed, addWatermark, sampleCount } = parameters;
  if (seed !== undefined && addWatermark) {
    const description = 'Seed is not supported when watermark is enabled';
    throw new ApiError(400, description, { violations: [{ field: 'parameters.seed', description }] });
  }
  if (sampleCount > maxSamples) {
    const description = `sampleCount must be between 1 and ${maxSamples}`;
    throw new ApiError(400, description, { violations: [{ field: 'parameters.sampleCount', description }] });
  }
}
