import { EditError } from '../errors.ts';
import { avif } from './avif.ts';
import type { Format } from './format.ts';
import { jpeg } from './jpeg.ts';
import { png } from './png.ts';
import { tiff } from './tiff.ts';
import { webp } from './webp.ts';

/** Every format that can be read and written. */
export const formats: readonly Format[] = [jpeg, png, webp, tiff, avif];

/** @throws {EditError} `FORMAT_UNSUPPORTED` for a name that is not in the table. */
export function formatNamed(name: string): Format {
  const format = formats.find((one) => one.name === name);
  if (format !== undefined) return format;
  const names = formats.map((one) => one.name).join(', ');
  throw new EditError('FORMAT_UNSUPPORTED', `Expected one of ${names}, got ${name}`);
}

/** True when the codec of a mask's file adds noise around the edges of the selection. */
export function isLossyMask(name: string, bytes: Uint8Array, carrier: 'luma' | 'alpha'): boolean {
  return formats.find((one) => one.name === name)?.isLossyMask?.(bytes, carrier) ?? false;
}

/** Checks the container of a photo. @throws {EditError} as `inspect` of its format. */
export function inspectContainer(bytes: Uint8Array): void {
  formats.find(({ isSignature }) => isSignature(bytes))?.inspect?.(bytes);
}

/** Decode this many pixels around a patch, so that every format can be edited in place and proved. */
export const patchReachPx = Math.max(...formats.map(({ reachPx }) => reachPx));
