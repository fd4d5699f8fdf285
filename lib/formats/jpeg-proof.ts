import { EditError } from '../errors.ts';
import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { crop as cut, grow, isInside, relativeTo } from '../pixels/box.ts';
import { maskWithin } from '../pixels/boxed-mask.ts';
import { storedBox, toStored } from '../pixels/orientation.ts';
import type { Box, Mask, Raster } from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import type { Proof, ProofJob } from './format.ts';
import { blockReachPx, coveredBlocks } from './jpeg/block-mask.ts';
import { cutJpeg } from './jpeg/cut/cut.ts';
import { proveSplice } from './jpeg/proof/prove.ts';
import { readJpegStructure } from './jpeg/scan/structure.ts';
import { comparedPixels, countDifferingPixels, exactProof } from './proof.ts';
import { type Cut, readPixels, type Source } from './vips/read.ts';
import { walkedOf } from './walked-jpeg.ts';

/** Proves a JPEG. One that was encoded again is not exact anywhere: its pixels are only counted. */
export async function proveJpeg(job: ProofJob): Promise<Proof> {
  const { isSpliced, reason = 'not known' } = job.written;
  if (!isSpliced) {
    const differingPixels = await countDifferingPixels(job);
    return { outside: 're-encoded', comparedPixels: comparedPixels(job), differingPixels, reason };
  }
  const differingPixels = await proveCoefficients(job);
  if (differingPixels === 0 || job.isStrict === true) return exactProof(job, differingPixels);
  return { outside: 'touched-blocks', comparedPixels: comparedPixels(job), differingPixels };
}

/**
 * Proves that no coefficient changed outside the blocks that hold a pixel of the mask: all pixels there
 * decode to the same values. Then decodes both files around the mask and counts the pixels that differ
 * outside it.
 *
 * The blocks are derived from the mask, not from what the writer says it touched.
 *
 * @returns the number of differing pixels outside the mask. Each shares a block with the mask.
 * @throws {EditError} `NOT_EXACT` when a coefficient outside these blocks differs, or a table that governs
 * decoding.
 */
async function proveCoefficients({ photo, written, patches, mask }: ProofJob): Promise<number> {
  const { orientation, stored, displayed } = photo.header;
  const output = written.bytes;
  const parts = patches.map(({ box, around }) => {
    const reach = grow(box, blockReachPx, displayed);
    const isKnown = around !== undefined && isInside(reach, around.box);
    const known = isKnown ? partOf(around, reach) : undefined;
    return { reach, known, mask: maskWithin(mask, reach) };
  });
  const allowed = parts.map((part) => ({
    box: storedBox(part.reach, orientation, stored),
    mask: toStored(part.mask, orientation),
  }));
  const walked = walkedOf(photo);
  const structure = walked?.structure ?? readJpegStructure(photo.bytes);
  const touched = coveredBlocks(structure, allowed);
  const proof = proveSplice({ source: photo.bytes, output, touched, walked });
  if (!proof.holds) {
    const found = proof.fault ?? `${proof.differingBlocks} of ${proof.comparedBlocks}`;
    throw new EditError('NOT_EXACT', `Expected 0 changed blocks outside the mask of a jpeg, got ${found}`);
  }
  // Only the output's MCUs around the mask are decoded, where the proof knows their place.
  const read = proof.read && { ...proof.read, extraneous: walked?.extraneous ?? [] };
  const counts = await Promise.all(
    parts.map((part, i) => {
      const decoded = read && cutJpeg(output, read, allowed[i]!.box);
      return countDiffering(photo, { ...part, output, decoded });
    }),
  );
  for (const { mask } of parts) release(mask.data);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A part of a raster that lies in a box; the raster itself where that is all of it. */
function partOf({ box, raster }: { readonly box: Box; readonly raster: Raster }, part: Box): Raster {
  const isAll = box.width === part.width && box.height === part.height;
  return isAll ? raster : cut(raster, relativeTo(part, box));
}

interface Counted {
  readonly reach: Box;
  /** The source there, when it is decoded already. */
  readonly known: Raster | undefined;
  readonly mask: Mask;
  readonly output: Uint8Array;
  /** A part of the output to decode instead. */
  readonly decoded: Cut | undefined;
}

/** Counts the pixels of one displayed box that differ between two files outside the mask. */
async function countDiffering(
  photo: Source,
  { reach, known, mask, output, decoded }: Counted,
): Promise<number> {
  const [before, after] = await Promise.all([
    known ?? readPixels(photo, reach),
    readPixels({ bytes: output, header: photo.header }, reach, decoded),
  ]);
  const differing = useKernels((use) => differingIn(use, before, after, mask));
  release(after.data);
  return differing;
}

/** Pixels that are compared at once. */
const chunkPixels = 64 * 1024;

function differingIn({ kernels, arena }: KernelUse, before: Raster, after: Raster, mask: Mask): number {
  const { channels } = before;
  const bytes = (pixels: number) => pixels * channels;
  const [old, now] = [arena.reserve(bytes(chunkPixels)), arena.reserve(bytes(chunkPixels))];
  const allowed = arena.reserve(chunkPixels);
  const memory = new Uint8Array(kernels.memory.buffer);
  let differing = 0;
  for (let p = 0; p < mask.data.length; p += chunkPixels) {
    const end = Math.min(p + chunkPixels, mask.data.length);
    memory.set((before.data as Uint8Array).subarray(bytes(p), bytes(end)), old);
    memory.set((after.data as Uint8Array).subarray(bytes(p), bytes(end)), now);
    memory.set(mask.data.subarray(p, end), allowed);
    differing += kernels.differingPixels(old, now, allowed, end - p, channels);
  }
  return differing;
}
