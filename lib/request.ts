import { z } from 'zod';
import { EditError } from './errors.ts';

/** A request file is a few options; more than this is not one. */
export const maxRequestBytes = 64 * 1024;

/**
 * What a person may ask of an edit: the request file beside a photo, and the fields of the HTTP form.
 * Unknown fields are refused, so that a typing error is never silently ignored.
 */
export const editRequestSchema = z.strictObject({
  mode: z
    .enum(['removal', 'insertion'])
    .default('removal')
    .describe('Take the object away, or put a new one there.'),
  prompt: z
    .string()
    .max(4000)
    .optional()
    .describe('What the masked area shall show. Leave out for removals.'),
  seed: z.int().min(1).max(2_147_483_647).optional().describe('Makes engines that honour it repeatable.'),
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
});

export type EditRequest = z.infer<typeof editRequestSchema>;

/**
 * The text of a request file -> a request with every default applied.
 *
 * @throws {EditError} `REQUEST_TOO_LARGE`, or `REQUEST_INVALID` naming each field that is wrong.
 */
export function parseRequestFile(bytes: Uint8Array): EditRequest {
  return parseRequest(readRequestFile(bytes));
}

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
  const parsed = editRequestSchema.safeParse(value);
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
