import { EditError } from '../errors.ts';
import type { WholeBlocks } from '../formats/format.ts';
import { formatNamed } from '../formats/formats.ts';
import type { Source } from '../formats/vips/read.ts';
import { countAbove0 } from '../pixels/mask.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import type { Repaint } from './plan.ts';

/**
 * For `jpegBlocks: "inside"`: limits masks to whole blocks.
 *
 * @returns `undefined` when the request does not ask for it, or the format stores no blocks.
 * @throws {EditError} `KIND_UNSUPPORTED` when the blocks of this file cannot be edited in place.
 */
export function wholeBlocksOf(photo: Source, { jpegBlocks }: EditRequest): WholeBlocks | undefined {
  return jpegBlocks === 'inside' ? formatNamed(photo.header.format).wholeBlocks?.(photo) : undefined;
}

/**
 * Checks that something can be written, before a model is paid.
 *
 * @throws {EditError} `MASK_EMPTY` when a part of the mask holds no whole block.
 */
export function assertRoom(wholeBlocks: WholeBlocks | undefined, repaints: readonly Repaint[]): void {
  if (wholeBlocks === undefined) return;
  for (const { mask, plan } of repaints) {
    if (mask === undefined || countAbove0(wholeBlocks(mask, plan.box)) > 0) continue;
    throw new EditError(
      'MASK_EMPTY',
      'Expected every part of the mask to hold a whole block of the JPEG (up to 18 x 18 pixels) for jpegBlocks inside',
    );
  }
}
