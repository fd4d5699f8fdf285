import { EditError } from '../errors.ts';
import { crop as cut, grow, isInside, paste, relativeTo, sizeOf } from '../pixels/box.ts';
import { maskWithin } from '../pixels/boxed-mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { PlacedPatch, Proof, ProofJob, ProvedPatch } from './format.ts';
import { provePng } from './png/prove.ts';
import { splicePng } from './png/splice.ts';
import { exactProof, proveLossless } from './proof.ts';
import type { Header } from './vips/header.ts';
import type { Source } from './vips/read.ts';

/** PNG filters predict a pixel from its direct neighbours. */
export const reachPx = 1;

/**
 * Recompresses only the part of a PNG that holds the patches.
 *
 * @returns a file of pixels without metadata; `undefined` when the whole file must be encoded again.
 */
export async function patchInPlace(
  { bytes, header }: Source,
  patches: readonly PlacedPatch[],
): Promise<Buffer | undefined> {
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
  return splicePng(bytes, placed);
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
  const differing = await provePng(bytes, job.written.bytes, allowed);
  if (differing !== undefined) return exactProof(job, differing);
  throw new EditError('NOT_EXACT', 'Expected a png that differs in its mask alone, got another');
}

/** The pixels one pixel around a patch; `undefined` when they are not decoded. */
function surroundings({ displayed }: Header, { box, around }: ProvedPatch) {
  const reach = grow(box, reachPx, displayed);
  if (around === undefined || !isInside(reach, around.box)) return undefined;
  return { box: reach, raster: cut(around.raster, relativeTo(reach, around.box)) };
}
