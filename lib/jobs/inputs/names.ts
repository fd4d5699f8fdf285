/**
 * Extensions of pictures, best first. Formats that an edit may refuse are here too: a user who uploads one
 * with its mask finds an `error.json` instead of nothing.
 */
// biome-ignore format: one list
const imageExtensions = [
  'png', 'webp', 'jpg', 'jpeg', 'tif', 'tiff', 'avif', 'heic', 'heif', 'gif', 'bmp',
] as const;

const image = new RegExp(`^(?<stem>.+)\\.(?:${imageExtensions.join('|')})$`, 'i');
const mask = new RegExp(`^(?<stem>.*)[._]mask\\.(?:${imageExtensions.join('|')})$`, 'i');
const request = /^(?<stem>.+)\.json$/i;
const folderMask = new RegExp(`^_folder\\.mask\\.(?:${imageExtensions.join('|')})$`, 'i');

export type Role = 'image' | 'mask' | 'request' | 'folder-mask';

export interface UploadName {
  readonly role: Role;
  /** Ends with a slash, or is empty at the top of the bucket. */
  readonly folder: string;
  /** What image, mask and request of one job share; empty for a folder's mask. */
  readonly stem: string;
}

/** `dir/photo.mask.png` -> mask of stem `photo` in `dir/`; `undefined` for objects that belong to no job. */
export function readName(name: string): UploadName | undefined {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const file = name.slice(folder.length);
  if (folderMask.test(file)) return { role: 'folder-mask', folder, stem: '' };
  // The mask first: an object named like a mask is never an image.
  for (const [role, pattern] of [
    ['mask', mask],
    ['image', image],
    ['request', request],
  ] as const) {
    const stem = pattern.exec(file)?.groups?.['stem'];
    if (stem !== undefined) return stem === '' ? undefined : { role, folder, stem };
  }
  return undefined;
}

export const isFolderMask = ({ name }: { readonly name: string }): boolean =>
  readName(name)?.role === 'folder-mask';

/** Folder and stem; `undefined` for objects that belong to no job. */
export function stemOf(name: string): string | undefined {
  const read = readName(name);
  return read === undefined ? undefined : `${read.folder}${read.stem}`;
}

/** The mask to use where several fit: `.mask` before `_mask`, then by extension, then by name. */
export function bestMask<T extends { readonly name: string }>(masks: readonly T[]): T | undefined {
  const [best] = masks.toSorted((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  return best;
}

/** @param folder ends with a slash, or is empty. */
export const folderMaskPrefix = (folder: string): string => `${folder}_folder.mask.`;

function rank(name: string): number {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const order = (imageExtensions as readonly string[]).indexOf(extension);
  return order + (/\.mask\.[^.]+$/i.test(name) ? 0 : imageExtensions.length);
}

/** Names of the results of one job in the output bucket. */
export function outputNames(imageName: string, job: string) {
  const folder = `${imageName}/${job}/`;
  return {
    folder,
    /** @param index from 1, best first. */
    output: (index: number, extension: string) => `${folder}${index}.${extension}`,
    manifest: `${folder}manifest.json`,
    error: `${folder}error.json`,
  };
}

/** Names of the records of one job in the control bucket. */
export function controlNames(job: string) {
  return { claim: `claims/${job}`, reply: (key: string) => `raw/${job}/${key}` };
}

/** `dir/photo.jpg/{job}/manifest.json` -> its image and job; `undefined` for other objects. */
export function readTerminalName(
  name: string,
): { readonly imageName: string; readonly job: string; readonly kind: 'manifest' | 'error' } | undefined {
  const groups = /^(?<image>.+)\/(?<job>[0-9a-f]{16})\/(?<kind>manifest|error)\.json$/.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { image: imageName = '', job = '', kind } = groups;
  return { imageName, job, kind: kind === 'manifest' ? 'manifest' : 'error' };
}

/** The label of a claim that names its picture: people cannot tell it from the id of the job. */
export const imageVersion = ({ name, generation }: { readonly name: string; readonly generation: string }) =>
  `${name}#${generation}`;
