import { z } from 'zod';

const violationsSchema = z.object({
  fieldViolations: z.array(z.object({ field: z.string().catch(''), description: z.string().catch('') })),
});
const errorInfoSchema = z.object({ '@type': z.string().endsWith('google.rpc.ErrorInfo') });

/**
 * Sentences of the JSON parser of Google's services, and of models about fields they know and do not take.
 */
const unknownName = /Unknown name "(?<name>[\w.]+)"(?: at '(?<place>[\w.[\]]+)')?/g;
const invalidValue = /Invalid value at '(?<place>[\w.[\]]+)'/g;
const notSupported = /\b(not supported|unsupported|does not support)\b/i;

/** Fields that hold what a person sent: a model that refuses one of them refuses this picture or prompt. */
const contentLeaf =
  /(^|\.)(contents|instances|parts|text|prompt|data|inlineData|fileData|fileUri|mimeType|image|mask|bytesBase64Encoded|gcsUri)$/;
const contentWords = /mime ?type|(image|file|picture) format/i;

/** What a 400 says about fields. */
export interface Refusal {
  /** Paths as JSON has them, e.g. `generationConfig.imageConfig.imageSize`; none where it only says so. */
  readonly fields: readonly string[];
  readonly message: string;
}

/** `generation_config.image_config[0].image_size` -> `generationConfig.imageConfig.imageSize`. */
const asPath = (field: string): string =>
  field.replace(/\[\d+\]/g, '').replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * What the error of a 400 says about fields of the request; `undefined` when it is about something else.
 *
 * @param details those of the error, see https://cloud.google.com/apis/design/errors#error_details
 */
export function refusalIn(message: string, details: readonly unknown[]): Refusal | undefined {
  const violations = details.flatMap(
    (detail) => violationsSchema.safeParse(detail).data?.fieldViolations ?? [],
  );
  const named = violations.flatMap(({ field, description }) => {
    const inside = namedIn(description);
    return inside.length > 0 || field === '' ? inside : [asPath(field)];
  });
  const fields = [...new Set(named.length > 0 ? named : namedIn(message))];
  const hasInfo = details.some((detail) => errorInfoSchema.safeParse(detail).success);
  const isRefusal = fields.length > 0 || hasInfo || notSupported.test(message);
  return isRefusal ? { fields, message } : undefined;
}

/** Fields that a sentence of the service names. */
function namedIn(sentence: string): readonly string[] {
  const unknown = [...sentence.matchAll(unknownName)].map(({ groups }) =>
    [groups?.['place'], groups?.['name']].filter(Boolean).join('.'),
  );
  if (unknown.length > 0) return unknown.map(asPath);
  return [...sentence.matchAll(invalidValue)].map(({ groups }) => asPath(groups?.['place'] ?? ''));
}

export const leafOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
/** For comparisons of names with words. */
export const letters = (text: string): string => text.replace(/[^a-z0-9]/gi, '').toLowerCase();

/**
 * True when a request is at fault, not the deployment: its picture, its prompt, or an option that is sent
 * only when it asks for it.
 *
 * @param askedFields last names of the fields of such options.
 */
export function isOfRequest({ fields, message }: Refusal, askedFields: readonly string[]): boolean {
  if (fields.length === 0) {
    const said = letters(message);
    return contentWords.test(message) || askedFields.some((leaf) => said.includes(letters(leaf)));
  }
  return fields.every((field) => contentLeaf.test(field) || askedFields.includes(leafOf(field)));
}
