import { z } from 'zod';
import { ApiError, type FieldViolation } from './api-error.ts';

/**
 * Reads a body by a schema. Unlike the service it refuses unknown fields: a field that nobody reads is a
 * mistake that nobody sees.
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

/** Google's SDK writes these in capitals, the reference pages in small letters: both are accepted. */
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

const outputMimeTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/tiff',
  'image/vnd.microsoft.icon',
] as const;

const outputOptionsField = z.strictObject({
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
  const refuse = (field: string, description: string): never => {
    throw new ApiError(400, description, { violations: [{ field, description }] });
  };
  const { seed, addWatermark, sampleCount } = parameters;
  if (seed !== undefined && addWatermark)
    refuse('parameters.seed', 'Seed is not supported when watermark is enabled');
  if (sampleCount > maxSamples)
    refuse('parameters.sampleCount', `sampleCount must be between 1 and ${maxSamples}`);
}

/** A mask that the model is to find. */
export interface AutomaticMask {
  readonly kind: 'background' | 'foreground' | 'semantic';
  readonly classes: readonly number[];
}

/** An image, and the path of its field in the body for error messages. */
interface PlacedImage {
  readonly value: ImageField;
  readonly field: string;
}

/** What shapes the list of predictions, whatever they show. */
export interface ReplyParameters {
  readonly sampleCount: number;
  readonly includeSafetyAttributes?: boolean | undefined;
  readonly outputOptions?: z.output<typeof outputOptionsField> | undefined;
  readonly storageUri?: string | undefined;
}

/** An edit as both Imagen bodies ask for it; exactly one of `mask` and `automatic` is there. */
export interface EditOrder {
  readonly mode: 'removal' | 'insertion';
  readonly image: PlacedImage;
  readonly mask: PlacedImage | undefined;
  readonly automatic: AutomaticMask | undefined;
  /** Fraction of the width. */
  readonly dilation: number;
  readonly parameters: ReplyParameters;
}
