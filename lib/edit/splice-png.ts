import { EditError } from '../errors.ts';
import { type Allowed, provePng } from '../formats/png/prove.ts';
import { type PngPatch, splicePng } from '../formats/png/splice.ts';
import type { Header } from '../formats/vips/header.ts';
import type { Source } from '../formats/vips/read.ts';
import type { Patch } from '../formats/vips/write.ts';
import { crop as cut, grow, isInside, paste, relativeTo, sizeOf } from '../pixels/box.ts';
import { type BoxedMask, maskWithin } from '../pixels/boxed-mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { ProvedPatch } from './prove-splice.ts';

/** A patch, and the picture around it where that is decoded already. */
export type PlacedPatch = Patch & ProvedPatch;

/** Filters of PNG predict a pixel from its neighbours. */
const reachPx = 1;

/**
 * A PNG with its patches and nothing else encoded anew: its pixels alone, without metadata. `undefined` where it must be encoded
 * anew.
 */
export async function splicedPng(
  { bytes, header }: Source,
  patches: readonly PlacedPatch[],
): Promise<Buffer | undefined> {
  const { orientation, stored } = header;
  const placed: PngPatch[] = [];
  for (const patch of patches) {
    const known = surroundings(header, patch);
    if (known === undefined) return undefined;
    const after = cut(known.raster, { left: 0, top: 0, ...sizeOf(known.raster) });
    paste(after, patch.edited, relativeTo(patch.box, known.box));
    placed.push({
      box: storedBox(patch.box, orientation, stored),
      before: toStored(known.raster, orientation),
      after: toStored(after, orientation),
    });
  }
  return splicePng(bytes, placed);
}

/**
 * Counts the pixels outside the mask that differ between a PNG and what was spliced from it.
 *
 * @param mask the effective one as displayed.
 * @throws {EditError} `NOT_EXACT` when anything else differs.
 */
export async function proveSplicedPng(
  { bytes, header }: Source,
  output: Uint8Array,
  { patches, mask }: { readonly patches: readonly ProvedPatch[]; readonly mask: BoxedMask },
): Promise<number> {
  const { orientation, stored } = header;
  const allowed: Allowed[] = [];
  for (const patch of patches) {
    const known = surroundings(header, patch);
    if (known === undefined) throw new EditError('INTERNAL', 'Expected a patch with its surroundings');
    allowed.push({
      box: storedBox(patch.box, orientation, stored),
      mask: toStored(maskWithin(mask, patch.box), orientation),
      before: toStored(known.raster, orientation),
    });
  }
  const differing = await provePng(bytes, output, allowed);
  if (differing !== undefined) return differing;
  throw new EditError('NOT_EXACT', 'Expected a png that differs in its mask alone, got another');
}

/** What is known of the picture one pixel around a patch. */
function surroundings({ displayed }: Header, { box, around }: ProvedPatch) {
  const reach = grow(box, reachPx, displayed);
  if (around === undefined || !isInside(reach, around.box)) return undefined;
  return { box: reach, raster: cut(around.raster, relativeTo(reach, around.box)) };
}
