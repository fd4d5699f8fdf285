import { readPhoto } from '../../lib/edit/read.ts';
import type { PatchJob, PlacedPatch, Proof, ProofJob, Written } from '../../lib/formats/format.ts';
import { formatNamed } from '../../lib/formats/formats.ts';
import { readCrop, type Source } from '../../lib/formats/vips/read.ts';
import { crop as cut, grow, relativeTo } from '../../lib/pixels/box.ts';
import type { Box } from '../../lib/pixels/raster.ts';
import { boxMask } from './pictures.ts';

export const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };

export const formatOf = ({ header }: Source) => formatNamed(header.format);

export const patch = (photo: Source, patches: readonly PlacedPatch[], options: Partial<PatchJob> = {}) =>
  formatOf(photo).patch({ photo, patches, isGenerated: false, encoding: undefined, ...options });

export const prove = (job: ProofJob): Promise<Proof> => formatOf(job.photo).prove(job);

/** A photo whose box was inverted, written in its own format, and the mask of the box. */
interface Inverted extends ProofJob {
  readonly photo: Source;
  readonly patches: readonly PlacedPatch[];
  readonly written: Written;
}

/** @param options.reachPx the patch knows the picture this far around; `undefined`: not at all. */
export async function invertBox(
  image: Uint8Array,
  box: Box,
  { reachPx, ...options }: { readonly reachPx?: number } & Partial<PatchJob> = {},
): Promise<Inverted> {
  const photo = await readPhoto(image, limits);
  const reach = grow(box, reachPx ?? 0, photo.header.displayed);
  const { original: around } = await readCrop(photo, reach);
  const original = cut(around, relativeTo(box, reach));
  const edited = { ...original, data: original.data.map((value) => 255 - value) };
  const known = reachPx === undefined ? undefined : { box: reach, raster: around };
  const patches = [{ box, original, edited, around: known }];
  const mask = { box, mask: boxMask(box, { ...box, left: 0, top: 0 }) };
  return { photo, patches, mask, written: await patch(photo, patches, options) };
}
