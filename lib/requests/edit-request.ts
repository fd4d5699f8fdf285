import { z } from 'zod';
import { engineNames } from '../engines/engines.ts';
import { checkRules, maskRules, type Rule } from './mask-request.ts';
import { parseJson } from './plain-json.ts';
import { parseWith, shapeOf } from './schema.ts';

const fields = z.strictObject({
  ...shapeOf('edit'),
  engine: z
    .enum(engineNames)
    .optional()
    .describe('Another engine than the configured one, from ALLOWED_MODELS.'),
});
type Fields = z.infer<typeof fields>;

/** Options that do not go together. */
const rules: readonly Rule<Fields>[] = [
  ...maskRules,
  {
    field: 'detail',
    message: () => 'expected maskMode user beside tiles',
    isBroken: ({ detail, maskMode }) => detail === 'tiles' && maskMode !== 'user',
  },
  {
    field: 'effects',
    message: () => 'expected no tiles beside effects include',
    isBroken: ({ detail, effects }) => detail === 'tiles' && effects === 'include',
  },
  {
    field: 'prompt',
    message: () => 'expected what to insert, got nothing',
    isBroken: ({ mode, prompt }) => mode === 'insertion' && !prompt?.trim(),
  },
  {
    field: 'seed',
    message: () => 'expected addWatermark false beside a seed',
    isBroken: ({ seed, addWatermark }) => seed !== undefined && addWatermark === true,
  },
  {
    field: 'jpegBlocks',
    message: () => 'expected no outputFormat and no outputQuality beside jpegBlocks inside',
    isBroken: ({ jpegBlocks, outputFormat, outputQuality }) =>
      jpegBlocks === 'inside' && (outputFormat !== 'same' || outputQuality !== undefined),
  },
  {
    field: 'modelQuality',
    message: () => 'expected modelFormat jpeg beside a quality',
    isBroken: ({ modelQuality, modelFormat }) => modelQuality !== undefined && modelFormat !== 'jpeg',
  },
];

/**
 * The options of an edit, from a request file, object metadata, `REQUEST_DEFAULTS` or an HTTP form. Unknown
 * fields are refused, so that no typing error passes unnoticed.
 */
export const editRequestSchema = fields.superRefine((request, context) =>
  checkRules(request, rules, context),
);

/** The fields of a request as JSON Schema, for forms and documents. */
export const editRequestFields = () =>
  z.toJSONSchema(editRequestSchema, { io: 'input', unrepresentable: 'any' });

export type EditRequest = z.infer<typeof editRequestSchema>;

/**
 * `REQUEST_DEFAULTS`: options for requests that leave them out. Each must be valid by itself; whether they go
 * together is checked when they are merged with a request.
 */
export const requestDefaultsSchema = z.record(z.string(), z.unknown()).superRefine((defaults, context) => {
  for (const { path, message } of fields.partial().safeParse(defaults).error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

/** @throws {EditError} `REQUEST_INVALID` naming each field that is wrong. */
export function parseRequest(value: unknown): EditRequest {
  return parseWith(editRequestSchema, value);
}

/** A request file holds a few options; a larger one is refused. */
export const maxRequestBytes = 64 * 1024;

/**
 * The bytes of a request file -> its JSON, not validated: it may still be merged with metadata and defaults.
 *
 * @throws {EditError} `REQUEST_INVALID` when it is not JSON in UTF-8 or nested too deep.
 */
export function readRequestFile(bytes: Uint8Array): unknown {
  return parseJson(utf8(bytes), 'the request file');
}

/** Bytes that are no UTF-8 give no text, which is no JSON. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}

/**
 * Text fields -> values of the types that the schema wants, not validated. A number, a boolean or a list is
 * read as JSON; where the schema wants text, it stays text even if it looks like a number.
 */
export function typedFields(
  texts: ReadonlyMap<string, string>,
  shape: Readonly<Record<string, z.ZodType>> = fields.shape,
): Record<string, unknown> {
  const typed = [...texts].map(([name, text]) => {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const takesText = schema === undefined || schema.safeParse(text).success;
    return [name, takesText ? text : jsonOrText(text)];
  });
  return Object.fromEntries(typed);
}

/** What is no JSON, or too deep, stays text: the schema refuses it. */
function jsonOrText(text: string): unknown {
  try {
    return parseJson(text, 'a field');
  } catch {
    return text;
  }
}
