import { EditError } from '../errors.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../storage/store.ts';
import type { InputSet } from './identity.ts';
import { listAll } from './listing.ts';
import { compareMasks, readName, type UploadName } from './names.ts';

export interface PairingOptions {
  /** Let `_folder.mask.png` be the mask of every picture of its folder that has none of its own. */
  readonly folderMask: boolean;
}

// Somebody uploading the same picture over and over is not waited for: the event comes again.
const maxCollects = 3;

/**
 * The pictures an upload belongs to, each with its mask and request as they were at one moment. A missing
 * mask or request is `undefined`: the event of the member committed last finds them all.
 *
 * Double collect: the members are read, then the pictures again. When those are unchanged, the whole set
 * was current when the last of the others was read.
 *
 * @throws {EditError} `BUSY` when the files keep changing.
 * @see Afek et al., "Atomic Snapshots of Shared Memory", Journal of the ACM 40(4), 1993.
 */
export async function collectInputs(
  store: ObjectStore,
  id: ObjectId,
  options: PairingOptions,
  signal: AbortSignal,
): Promise<readonly InputSet[]> {
  const upload = readName(id.name);
  if (upload === undefined || upload.role === 'folder-mask') return [];
  const list = (prefix: string) => listAll(store, id.bucket, prefix, signal);
  const prefix = `${upload.folder}${upload.stem}`;

  let first = await list(`${prefix}.`);
  for (let collect = 0; collect < maxCollects; collect++) {
    const others = await list(`${prefix}_mask.`);
    if (options.folderMask) others.push(...(await list(`${upload.folder}_folder.mask.`)));
    const again = await list(`${prefix}.`);
    if (sameObjects(first, again)) {
      const sets = setsOf(upload, [...first, ...others]);
      return upload.role === 'image' ? sets.filter(({ image }) => image.name === id.name) : sets;
    }
    first = again;
  }
  throw new EditError('BUSY', `Expected the files of gs://${id.bucket}/${prefix} to hold still`);
}

function setsOf(upload: UploadName, members: readonly ObjectInfo[]): InputSet[] {
  const ofRole = (role: UploadName['role']) =>
    members.filter(({ name }) => {
      const read = readName(name);
      return (
        read?.role === role &&
        read.folder === upload.folder &&
        (read.stem === upload.stem || read.stem === '')
      );
    });
  const best = (infos: ObjectInfo[]) => infos.sort((a, b) => compareMasks(a.name, b.name))[0];
  const mask = best(ofRole('mask')) ?? best(ofRole('folder-mask'));
  const request = ofRole('request')[0];
  return ofRole('image').map((image) => ({ image, mask, request }));
}

/** Metadata counts too: a request may ride on it. */
function sameObjects(a: readonly ObjectInfo[], b: readonly ObjectInfo[]): boolean {
  const versions = (infos: readonly ObjectInfo[]) =>
    infos.map(({ name, generation, metageneration }) => `${name}#${generation}.${metageneration}`).join('\n');
  return versions(a) === versions(b);
}
