import { languages, maxSeed, personGenerations, safetySettings } from '../../requests/values.ts';
import type { OptionRule } from '../options.ts';

/** Values and ranges that all Imagen APIs share, from their reference pages. */

/** Bytes of one image, after encoding; decimal megabytes, to be on the safe side of either reading. */
export const maxImageBytes = 10_000_000;

const unset = 'left to the API';
export const seedRule: OptionRule = { range: [1, maxSeed], note: 'only with addWatermark false' };
export const languageRule: OptionRule = { values: languages, default: unset };
export const personRule: OptionRule = { values: personGenerations, default: 'allow_adult' };
export const safetyRule: OptionRule = { values: safetySettings, default: 'block_medium_and_above' };
export const watermarkRule: OptionRule = { default: true };
export const safetyAttributesRule: OptionRule = { default: false };
export const replyFormatRule: OptionRule = {
  default: 'image/png',
  note: 'JPEG quality 0..100, 75 when left out',
};
export const guidanceRule: OptionRule = { range: [0, 500], default: unset };

/** `outputOptions` of an Imagen request: lossless unless asked otherwise, since every answer is composited. */
export function outputOptions(
  format: { readonly mediaType: string; readonly quality: number | undefined } | undefined,
): Readonly<Record<string, unknown>> {
  const { mediaType = 'image/png', quality } = format ?? {};
  return { mimeType: mediaType, ...(quality !== undefined && { compressionQuality: quality }) };
}
