import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { listAll } from './listing.ts';
import { bestMask, folderMaskPrefix, readName } from './names.ts';

export type FolderMaskOf = (
  imageName: string,
  signal: AbortSignal | undefined,
) => Promise<ObjectInfo | undefined>;

/** Finds the mask of a picture's whole folder; every folder is looked up once. */
export function folderMaskFinder(store: ObjectStore, bucket: string): FolderMaskOf {
  const known = new Map<string, Promise<ObjectInfo | undefined>>();
  return async (imageName, signal) => {
    const folder = readName(imageName)?.folder;
    if (folder === undefined) return undefined;
    const found =
      known.get(folder) ?? listAll(store, bucket, folderMaskPrefix(folder), signal).then(bestFolderMask);
    known.set(folder, found);
    return found;
  };
}

export const isFolderMask = ({ name }: ObjectInfo): boolean => readName(name)?.role === 'folder-mask';

const bestFolderMask = (infos: readonly ObjectInfo[]): ObjectInfo | undefined =>
  bestMask(infos.filter(isFolderMask));
