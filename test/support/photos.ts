import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Mask } from '../../lib/pixels/raster.ts';
import { decodedValues } from './decoded-values.ts';

/** `../shared/photos` beside the repository, and not part of it; `PHOTOS` names another folder. */
export const photosFolder: URL = process.env['PHOTOS']
  ? pathToFileURL(`${process.env['PHOTOS']}/`)
  : new URL('../../../shared/photos/', import.meta.url);

export const hasPhotos = (): boolean => existsSync(photosFolder);

/** A photo and its mask. */
export interface PhotoPair {
  /** `folder/name`, without the extension. */
  readonly name: string;
  readonly image: URL;
  readonly mask: URL;
}

const imageName = /^(?<stem>.+)\.(?:png|jpg)$/;

/** Every photo of the folder that has a mask, `name.mask.png` or `name_mask.png`; none without the folder. */
export function photoPairs(): PhotoPair[] {
  if (!hasPhotos()) return [];
  const folders = readdirSync(photosFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: folder }) => {
    const inside = new URL(`${folder}/`, photosFolder);
    const files = readdirSync(inside).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return files.flatMap((file) => {
      const stem = imageName.exec(file)?.groups?.['stem'];
      const mask = [`${stem}.mask.png`, `${stem}_mask.png`].find((name) => files.includes(name));
      if (stem === undefined || mask === undefined) return [];
      return [{ name: `${folder}/${stem}`, image: new URL(file, inside), mask: new URL(mask, inside) }];
    });
  });
}

/** The files of a pair, and what they decode to; the mask is its first channel. */
export async function readPair({ image: imageUrl, mask: maskUrl }: PhotoPair) {
  const [image, maskFile] = [await readFile(imageUrl), await readFile(maskUrl)];
  const { width, height, channels, data } = await decodedValues(maskFile);
  const mask: Mask = {
    width,
    height,
    channels: 1,
    data: Uint8Array.from({ length: width * height }, (_, p) => data[p * channels]!),
  };
  return { image, maskFile, before: await decodedValues(image), mask };
}
