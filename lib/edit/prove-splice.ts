import { EditError } from '../errors.ts';
import { blockReachPx, coveredBlocks } from '../formats/jpeg/block-mask.ts';
import { proveSplice } from '../formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../formats/jpeg/scan/structure.ts';
import { readPixels, type Source } from '../formats/vips/read.ts';
import type { Patch } from '../formats/vips/write.ts';
import { crop as cut, grow, isInside, relativeTo } from '../pixels/box.ts';
import { type BoxedMask, maskWithin } from '../pixels/boxed-mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { Box, Mask, Raster } from '../pixels/raster.ts';

/** Of a patch: where it lies, and the pixels of the picture there and around it, when the caller has decoded them already. */
export interface ProvedPatch extends Pick<Patch, 'box'> {
  readonly around?: { readonly box: Box; readonly raster: Raster } | undefined;
}

interface ProveSplicedOptions {
  readonly photo: Source;
  readonly output: Uint8Array;
  readonly patches: readonly ProvedPatch[];
  /** The effective mask as displayed. */
  readonly mask: BoxedMask;
}

/**
 * Proves that outside the blocks that hold a pixel of the mask not one coefficient changed, which makes all pixels there
 * decode to the same value; then decodes the surroundings of the mask and counts what its blocks carry over the edge.
 *
 * The blocks are derived from the mask, not from what the writer says it touched.
 *
 * @returns the decoded pixels outside the mask that differ, all of which share a block with it.
 * @throws {EditError} `NOT_EXACT` when a coefficient outside these blocks differs, or what governs decoding.
 */
export async function proveSpliced({ photo, output, patches, mask }: ProveSplicedOptions): Promise<number> {
  const { orientation, stored, displayed } = photo.header;
  const parts = patches.map(({ box, around }) => {
    const reach = grow(box, blockReachPx, displayed);
    const isKnown = around !== undefined && isInside(reach, around.box);
    const known = isKnown ? cut(around.raster, relativeTo(reach, around.box)) : undefined;
    return { reach, known, mask: maskWithin(mask, reach) };
  });
  // libvips decodes on its own threads while the coefficients are compared on this one.
  const counted = Promise.all(parts.map((part) => countDiffering(photo, output, part)));
  const allowed = parts.map((part) => ({
    box: storedBox(part.reach, orientation, stored),
    mask: toStored(part.mask, orientation),
  }));
  const structure = readJpegStructure(photo.bytes);
  const touched = coveredBlocks(structure, allowed);
  const proof = proveSplice({ source: photo.bytes, output, touched, structure });
  const counts = await counted;
  if (!proof.holds) {
    const found = proof.fault ?? `${proof.differingBlocks} of ${proof.comparedBlocks}`;
    throw new EditError('NOT_EXACT', `Expected 0 changed blocks outside the mask of a jpeg, got ${found}`);
  }
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Decoded pixels outside the mask, in one box of the picture as displayed, that differ between two files. */
async function countDiffering(
  photo: Source,
  output: Uint8Array,
  { reach, known, mask }: { readonly reach: Box; readonly known: Raster | undefined; readonly mask: Mask },
): Promise<number> {
  const [before, after] = await Promise.all([
    known ?? readPixels(photo, reach),
    readPixels({ ...photo, bytes: output }, reach),
  ]);
  const { channels, data } = before;
  let differing = 0;
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] !== 0) continue;
    let c = 0;
    while (c < channels && data[p * channels + c] === after.data[p * channels + c]) c++;
    if (c < channels) differing++;
  }
  return differing;
}
