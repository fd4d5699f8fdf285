import { existsSync, readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

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
