import { EditError } from '../errors.ts';
import { boxOf, crop as cut, grow, isInside, paste, relativeTo, sizeOf } from '../pixels/box.ts';
import { maskWithin } from '../pixels/boxed-mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { Box } from '../pixels/raster.ts';
import type { PlacedPatch, Proof, ProofJob, ProvedPatch } from './format.ts';
import { cutPng } from './png/cut.ts';
import { type PngPixels, pngPixels } from './png/pixels.ts';
import { provePng } from './png/prove.ts';
import { splicePng } from './png/splice.ts';
import { exactProof, proveLossless } from './proof.ts';
import type { Header } from './vips/header.ts';
import type { Cut, Source } from './vips/read.ts';

/** PNG filters predict a pixel from its direct neighbours. */
export const reachPx = 1;

/**
 * Recompresses only the part of a PNG that holds the patches.
 *
 * @returns a file of pixels without metadata; `undefined` when the whole file must be encoded again.
 */
export async function patchInPlace(
  photo: Source,
  patches: readonly PlacedPatch[],
): Promise<Buffer | undefined> {
  const { bytes, header } = photo;
  const { orientation, stored } = header;
  const known = patches.map((patch) => surroundings(header, patch));
  if (known.includes(undefined)) return undefined;
  const placed = patches.map((patch, i) => {
    const { box, raster: before } = known[i]!;
    const after = cut(before, { left: 0, top: 0, ...sizeOf(before) });
    paste(after, patch.edited, relativeTo(patch.box, box));
    return {
      box: storedBox(patch.box, orientation, stored),
      before: toStored(before, orientation),
      after: toStored(after, orientation),
    };
  });
  return splicePng(bytes, placed, pixelsOf(photo));
}

/** Proves a PNG: one edited in place is compared before its rows are decoded, others pixel by pixel. */
export async function provePngPhoto(job: ProofJob): Promise<Proof> {
  if (!job.written.isSpliced) return proveLossless(job);
  const { header, bytes } = job.photo;
  const { orientation, stored } = header;
  const allowed = job.patches.map((patch) => {
    const known = surroundings(header, patch);
    if (known === undefined) throw new EditError('INTERNAL', 'Expected a patch with its surroundings');
    return {
      box: storedBox(patch.box, orientation, stored),
      mask: toStored(maskWithin(job.mask, patch.box), orientation),
      before: toStored(known.raster, orientation),
    };
  });
  const differing = provePng(bytes, job.written.bytes, allowed, pixelsOf(job.photo));
  if (differing !== undefined) return exactProof(job, differing);
  throw new EditError('NOT_EXACT', 'Expected a png that differs in its mask alone, got another');
}

/** The stored box of a photo as a PNG of its own; `undefined` where libvips must decode the whole. */
export function cutPhoto(photo: Source, box: Box): Cut | undefined {
  const pixels = pixelsOf(photo);
  const bytes = pixels && cutPng(photo.bytes, pixels, box);
  return bytes && { bytes, box: boxOf(box) };
}

/** What was read of a photo, as long as the photo is used: each step goes on where the last one stopped. */
const known = new WeakMap<Source, { readonly pixels: PngPixels | undefined }>();

function pixelsOf(photo: Source): PngPixels | undefined {
  const { pixels } = known.get(photo) ?? { pixels: pngPixels(photo.bytes) };
  known.set(photo, { pixels });
  return pixels;
}

/** The pixels one pixel around a patch; `undefined` when they are not decoded. */
function surroundings({ displayed }: Header, { box, around }: ProvedPatch) {
  const reach = grow(box, reachPx, displayed);
  if (around === undefined || !isInside(reach, around.box)) return undefined;
  return { box: reach, raster: cut(around.raster, relativeTo(reach, around.box)) };
}
