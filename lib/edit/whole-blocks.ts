import { EditError } from '../errors.ts';
import { shrinkMaskToBlocks } from '../formats/jpeg/block-mask.ts';
import { readJpegStructure } from '../formats/jpeg/structure.ts';
import type { Source } from '../formats/vips/read.ts';
import { countAbove0 } from '../pixels/mask.ts';
import { storedBox, toDisplayed, toStored } from '../pixels/orientation.ts';
import type { Box, Mask } from '../pixels/raster.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import type { Repaint } from './plan.ts';

/** The part of a mask, lying at `box` of the displayed picture, whose JPEG blocks lie wholly inside it. */
export type WholeBlocks = (mask: Mask, box: Box) => Mask;

/**
 * What `jpegBlocks: "inside"` asks for: to composite only where whole blocks of coefficients lie in the mask, with the
 * pixels that decoders interpolate around them. Then no decoded pixel outside the mask changes.
 *
 * @returns `undefined` where it is not asked for, or the picture has no such blocks.
 * @throws {EditError} `KIND_UNSUPPORTED` when the coefficients of this JPEG cannot be edited: all of it would change.
 */
export function wholeBlocksOf({ bytes, header }: Source, request: EditRequest): WholeBlocks | undefined {
  if (request.jpegBlocks !== 'inside' || header.format !== 'jpeg') return undefined;
  const { orientation, stored } = header;
  const structure = readJpegStructure(bytes);
  return (mask, box) => {
    const boxed = { box: storedBox(box, orientation, stored), mask: toStored(mask, orientation) };
    return toDisplayed(shrinkMaskToBlocks(structure, boxed).mask, orientation);
  };
}

/**
 * Before a model is paid for what could not be written.
 *
 * @throws {EditError} `MASK_EMPTY` when a part of the mask holds no whole block.
 */
export function assertRoom(wholeBlocks: WholeBlocks | undefined, repaints: readonly Repaint[]): void {
  for (const { mask, plan } of wholeBlocks === undefined ? [] : repaints) {
    if (mask === undefined || wholeBlocks === undefined || countAbove0(wholeBlocks(mask, plan.box)) > 0)
      continue;
    throw new EditError(
      'MASK_EMPTY',
      'Expected every part of the mask to hold a whole block of the JPEG (up to 18 x 18 pixels) for jpegBlocks inside',
    );
  }
}
