import { asEditError, EditError } from '../errors.ts';
import type { Limits } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import type { BoxedMask } from '../pixels/boxed-mask.ts';
import { readMask } from './read.ts';

/** A keep mask is never inverted. */
const asUserMask = { maskMode: 'user', polarity: 'white', mode: 'removal' } as const;

/**
 * Decodes the user's keep mask at the size of the picture: nothing that is white in it is copied into the
 * fill.
 *
 * @returns `undefined` where it is left out or all black.
 * @throws {EditError} `KEEP_FULL` for an all white one, or what is wrong with the file.
 */
export async function readKeep(
  keep: Uint8Array | undefined,
  photo: Source,
  limits: Limits,
): Promise<BoxedMask | undefined> {
  // Browsers send an empty file for a field that was left out.
  if (keep === undefined || keep.length === 0) return undefined;
  try {
    const input = { mask: keep, request: asUserMask, isPolarityGiven: true };
    return (await readMask(input, photo, limits))?.mask;
  } catch (thrown) {
    const error = asEditError(thrown);
    if (error.code === 'MASK_EMPTY') return undefined;
    if (error.code === 'MASK_FULL')
      throw new EditError('KEEP_FULL', 'Expected a keep mask with a black area, got an all white one');
    throw new EditError(error.code, `The keep mask: ${error.message}`, { cause: error });
  }
}
