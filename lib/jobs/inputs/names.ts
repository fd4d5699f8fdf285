/**
 * Endings taken for pictures, best first. Kinds that an edit may refuse are here too: who drops one with
 * its mask shall find an `error.json`, not silence.
 */
const imageExtensions = [
  'png',
  'webp',
  'jpg',
  'jpeg',
  'tif',
  'tiff',
  'avif',
  'heic',
  'heif',
  'gif',
  'bmp',
] as const;

const image = new RegExp(`^(?<stem>.+)\\.(?:${imageExtensions.join('|')})$`, 'i');
const mask = new RegExp(`^(?<stem>.*)[._]mask\\.(?:${imageExtensions.join('|')})$`, 'i');
const request = /^(?<stem>.+)\.json$/i;
const folderMask = new RegExp(`^_folder\\.mask\\.(?:${imageExtensions.join('|')})$`, 'i');

export type Role = 'image' | 'mask' | 'request' | 'folder-mask';

export interface UploadName {
  readonly role: Role;
  /** With a trailing slash, or empty at the top of the bucket. */
  readonly folder: string;
  /** What image, mask and request of one job share; empty for a folder's mask. */
  readonly stem: string;
}

/** `dir/photo.mask.png` -> mask of stem `photo` in `dir/`; `undefined` for objects that are no part of a job. */
export function readName(name: string): UploadName | undefined {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const file = name.slice(folder.length);
  if (folderMask.test(file)) return { role: 'folder-mask', folder, stem: '' };
  // First the mask: a mask-named object is never an image.
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

/** Lower is preferred where several masks fit: `.mask` before `_mask`, then in the order of the endings, then by name. */
function compareMasks(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** The one that is taken where several fit. */
export function bestMask<T extends { readonly name: string }>(masks: readonly T[]): T | undefined {
  return masks.toSorted((a, b) => compareMasks(a.name, b.name))[0];
}

/** @param folder with a trailing slash, or empty. */
export const folderMaskPrefix = (folder: string): string => `${folder}_folder.mask.`;

function rank(name: string): number {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const order = (imageExtensions as readonly string[]).indexOf(extension);
  return order + (/\.mask\.[^.]+$/i.test(name) ? 0 : imageExtensions.length);
}

/** Where the results of one job lie in the output bucket. */
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

/** Where a job's own records lie in the control bucket. */
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

/** The label on a claim that says which picture it is about: a job's own name tells nobody. */
export const imageVersion = ({ name, generation }: { readonly name: string; readonly generation: string }) =>
  `${name}#${generation}`;
