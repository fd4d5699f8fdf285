import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Box } from '../../lib/pixels/raster.ts';
import { boxMask, maskPng, wavePicture } from '../support/pictures.ts';
import { edgesOf, mosaic } from './mosaic.ts';

/** Files of one case of the edit bench. */
export interface EditCase {
  readonly megapixels: number;
  readonly format: 'jpeg' | 'png';
  readonly image: string;
  readonly mask: string;
  /** What peers paste: a PNG and a JPEG of the mask's size. */
  readonly patchPng: string;
  readonly patchJpeg: string;
  /** The masked area. */
  readonly box: Box;
}

/**
 * The masked square: a person in a group photo, and the crop around it is about twice what a model answers
 * in.
 */
const maskSidePx = 1008;

/**
 * Writes the files of a case into `folder`. The mask begins at whole blocks of 16, for the sake of jpegtran.
 */
export async function editCase(
  megapixels: number,
  format: 'jpeg' | 'png',
  folder: string,
): Promise<EditCase> {
  const size = edgesOf(megapixels);
  const toBlocks = (px: number) => Math.floor(px / 32) * 16;
  const box = {
    left: toBlocks(size.width),
    top: toBlocks(size.height),
    width: maskSidePx,
    height: maskSidePx,
  };
  const path = (name: string) => join(folder, `${megapixels}-${format}-${name}`);
  const { data } = wavePicture(box);
  const patch = () => sharp(data, { raw: { width: maskSidePx, height: maskSidePx, channels: 3 } });
  const files = {
    image: path(`image.${format}`),
    mask: path('mask.png'),
    patchPng: path('patch.png'),
    patchJpeg: path('patch.jpg'),
  };
  await writeFile(files.image, await mosaic(size, format));
  await writeFile(files.mask, await maskPng(boxMask(size, box)));
  await writeFile(files.patchPng, await patch().png().toBuffer());
  await writeFile(files.patchJpeg, await patch().jpeg({ quality: 90 }).toBuffer());
  return { megapixels, format, ...files, box };
}
