/**
 * The categories behind the numbers in `raiFilteredReason`: a reader can act on a category, not on a number.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen
 */
const categories: Readonly<Record<string, readonly number[]>> = {
  child: [58061214, 17301594],
  celebrity: [29310472, 15236754],
  'dangerous content': [62263041],
  hate: [57734940, 22137204],
  'person or face': [39322892],
  'personal information': [92201652],
  'prohibited content': [89371032, 49114662, 72817394],
  'sexual content': [90789179, 63429089, 43188360],
  toxic: [78610348],
  violence: [61493863, 56562880],
  other: [42876398, 29578790, 74803281],
};

const categoryOfCode: ReadonlyMap<number, string> = new Map(
  Object.entries(categories).flatMap(([category, codes]) => codes.map((code) => [code, category])),
);

/**
 * A filter's sentence -> its readable categories with their codes, e.g. `person or face (39322892)`.
 * Only the codes are kept, so that no prompt gets into the reason.
 */
export function supportCodeReason(sentence: string): string {
  const codes = [...new Set(sentence.match(/\b\d{7,9}\b/g) ?? [])];
  if (codes.length === 0) return 'no category given';
  return codes
    .map((code) => `${categoryOfCode.get(Number(code)) ?? 'unknown category'} (${code})`)
    .join(', ');
}
