import { z } from 'zod';
import { engineNames } from '../engines/engines.ts';
import { maxMaskClasses } from '../engines/imagen/mask-classes.ts';
import { EditError } from '../errors.ts';
import { maskClassList, sharedOptions } from './shared-options.ts';

/** A request file is a few options; more than this is not one. */
export const maxRequestBytes = 64 * 1024;

/**
 * What a person may ask of an edit: the request file beside a photo, and the fields of the HTTP form.
 * Unknown fields are refused, so that a typing error is never silently ignored.
 */
export const editRequestSchema = z
  .strictObject({
    mode: z
      .enum(['removal', 'insertion'])
      .default('removal')
      .describe('Take the object away, or put a new one there.'),
    prompt: z
      .string()
      .max(4000)
      .optional()
      .describe('What the masked area shall show. Required for insertions; leave out for removals.'),
    samples: z
      .int()
      .min(1)
      .max(4)
      .default(1)
      .describe('How many candidates to ask for; each is billed by the model.'),
    steps: z
      .int()
      .min(1)
      .max(75)
      .optional()
      .describe('Sampling steps; more take longer and may look better.'),
    guidance: z.number().min(0).max(500).optional().describe('How closely the model follows the prompt.'),
    maskMode: z
      .enum(['user', 'background', 'foreground', 'semantic'])
      .default('user')
      .describe('The mask that was sent, or one the model makes itself.'),
    maskClasses: maskClassList
      .optional()
      .describe('1 to 5 names or ids of what a `semantic` mask covers, e.g. `["bicycle", "car"]`.'),
    maskDilation: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Grows the mask on the side of the model, fraction of the width of what it sees.'),
    ...sharedOptions,
    modelFormat: z
      .enum(['png', 'jpeg'])
      .optional()
      .describe('How the model encodes its answer; lossless PNG when left out.'),
    modelQuality: z.int().min(0).max(100).optional().describe('JPEG quality of the answer of the model.'),
    outputFormat: z
      .enum(['same', 'jpeg', 'png', 'webp'])
      .default('same')
      .describe('Format of the result; only `same` keeps every untouched JPEG block.'),
    outputQuality: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('Quality of the result where it is encoded anew.'),
    jpegBlocks: z
      .enum(['touched', 'inside'])
      .default('touched')
      .describe(
        'JPEG blocks (8 to 16 px) that may change: all the mask touches, or only those inside it, so that no pixel outside changes.',
      ),
    detail: z
      .enum(['single', 'tiles'])
      .default('single')
      .describe(
        'One call for each area, or further calls for tiles of it that give back the detail of a large picture. Tiles need a mask that was sent.',
      ),
    engine: z
      .enum(engineNames)
      .optional()
      .describe('Another engine than the configured one, from ALLOWED_MODELS.'),
    polarity: z
      .enum(['white', 'black'])
      .default('white')
      .describe('Which mask value is edited: white, or black for inverted masks.'),
    dilationPx: z
      .int()
      .min(0)
      .max(512)
      .optional()
      .describe('Grows the edited area beyond the mask, pixels of the original.'),
    featherPx: z
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe('Width of the blend inside the edge of the mask, pixels of the original.'),
  })
  .superRefine((request, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const classes = request.maskClasses?.length ?? 0;
    const isSemantic = request.maskMode === 'semantic';
    if (isSemantic && (classes < 1 || classes > maxMaskClasses)) {
      fault('maskClasses', `expected 1 to ${maxMaskClasses} classes for maskMode semantic, got ${classes}`);
    }
    if (request.detail === 'tiles' && request.maskMode !== 'user') {
      fault('detail', 'expected maskMode user beside tiles');
    }
    if (!isSemantic && classes > 0) fault('maskClasses', 'expected maskMode semantic beside classes');
    if (request.mode === 'insertion' && !request.prompt?.trim()) {
      fault('prompt', 'expected what to insert, got nothing');
    }
    if (request.seed !== undefined && request.addWatermark === true) {
      fault('seed', 'expected addWatermark false beside a seed');
    }
    if (request.jpegBlocks === 'inside' && (request.outputFormat !== 'same' || request.outputQuality)) {
      fault('jpegBlocks', 'expected no outputFormat and no outputQuality beside jpegBlocks inside');
    }
    if (request.modelQuality !== undefined && request.modelFormat !== 'jpeg') {
      fault('modelQuality', 'expected modelFormat jpeg beside a quality');
    }
  });

export type EditRequest = z.infer<typeof editRequestSchema>;

const anyFields = z.strictObject(editRequestSchema.shape).partial();

/** Fields for requests that leave them out. Each is valid by itself; whether they go together is seen when the others are known. */
export const requestDefaultsSchema = z.record(z.string(), z.unknown()).superRefine((fields, context) => {
  for (const { path, message } of anyFields.safeParse(fields).error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

/**
 * The text of a request file -> its JSON, not yet checked: where fields come from several places they
 * are merged first.
 *
 * @throws {EditError} `REQUEST_TOO_LARGE`, or `REQUEST_INVALID` when it is no JSON.
 */
export function readRequestFile(bytes: Uint8Array): unknown {
  if (bytes.length > maxRequestBytes) {
    throw new EditError(
      'REQUEST_TOO_LARGE',
      `Expected a request file of at most ${maxRequestBytes} bytes, got ${bytes.length}`,
    );
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new EditError('REQUEST_INVALID', 'Expected the request file to be JSON in UTF-8', { cause: error });
  }
}

/** @throws {EditError} `REQUEST_INVALID` naming each field that is wrong. */
export function parseRequest(value: unknown): EditRequest {
  return parseWith(editRequestSchema, value);
}

/**
 * Anything -> what the schema makes of it.
 *
 * @throws {EditError} `REQUEST_INVALID` naming each field that is wrong.
 */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
  throw new EditError('REQUEST_INVALID', faults.join('; '), { details: { faults } });
}

/**
 * Form fields, all text -> a request.
 *
 * @throws {EditError} `REQUEST_INVALID` naming each field that is wrong.
 */
export function parseRequestFields(fields: ReadonlyMap<string, string>): EditRequest {
  return parseRequest(typedFields(fields));
}

/**
 * Fields that are all text -> fields of the types the schema wants, not yet checked. What wants a number, a
 * truth value or a list is read as JSON; text stays text, also when it looks like a number.
 */
export function typedFields(fields: ReadonlyMap<string, string>): Record<string, unknown> {
  const shape: Readonly<Record<string, z.ZodType>> = editRequestSchema.shape;
  const typed = [...fields].map(([name, text]) => {
    const takesText = shape[name] === undefined || shape[name].safeParse(text).success;
    return [name, takesText ? text : jsonOrText(text)];
  });
  return Object.fromEntries(typed);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
