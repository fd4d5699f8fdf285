import { EditError } from '../../errors.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { isFolderMask } from './folder-mask.ts';
import type { InputSet } from './identity.ts';
import { listAll } from './listing.ts';
import { bestMask, folderMaskPrefix, readName, type UploadName } from './names.ts';

export interface PairingOptions {
  /** Let `_folder.mask.png` be the mask of every picture of its folder that has none of its own. */
  readonly folderMask: boolean;
}

/**
 * The event of a folder's mask starts so many jobs: within its deadline they can be put into the queue. The
 * others are found by the sweep.
 */
const maxOfFolder = 200;
/** Each is four listings, one after the other. */
const looksAtOnce = 10;

// Somebody uploading the same picture over and over is not waited for: the event comes again.
const maxCollects = 3;

/**
 * The pictures an upload belongs to, each with its mask and request as they were at one moment. A missing
 * mask or request is `undefined`: the event of the member committed last finds them all.
 *
 * Double collect: the members are read, then the pictures again. When those are unchanged, the whole set
 * was current when the last of the others was read. Without a picture, or with nothing but it, one look is enough.
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
  if (upload === undefined) return [];
  if (upload.role === 'folder-mask') {
    return options.folderMask ? collectFolder(store, { ...id, name: upload.folder }, options, signal) : [];
  }
  const list = (prefix: string) => listAll(store, id.bucket, prefix, signal);
  const prefix = `${upload.folder}${upload.stem}`;

  let first = await list(`${prefix}.`);
  for (let collect = 0; collect < maxCollects; collect++) {
    if (setsOf(upload, first).length === 0) return [];
    const others = await list(`${prefix}_mask.`);
    if (options.folderMask) others.push(...(await list(folderMaskPrefix(upload.folder))));
    const sets = setsOf(upload, [...first, ...others]);
    const again = sets.every(isAlone) ? first : await list(`${prefix}.`);
    if (sameObjects(first, again)) {
      return upload.role === 'image' ? sets.filter(({ image }) => image.name === id.name) : sets;
    }
    first = again;
  }
  throw new EditError('BUSY', `Expected the files of gs://${id.bucket}/${prefix} to hold still`);
}

/**
 * Ten at a time: the pictures directly in a folder that have no mask of their own, as far as `maxOfFolder`.
 *
 * @param folder its name ends with a slash, or is empty.
 */
async function collectFolder(
  store: ObjectStore,
  folder: ObjectId,
  options: PairingOptions,
  signal: AbortSignal,
): Promise<readonly InputSet[]> {
  const sets: InputSet[] = [];
  let batch: ObjectId[] = [];
  const look = async () => {
    const found = await Promise.all(batch.map((picture) => collectInputs(store, picture, options, signal)));
    sets.push(...found.flat().filter(({ mask }) => mask !== undefined && isFolderMask(mask)));
    batch = [];
  };
  for await (const { bucket, name } of store.list(folder.bucket, { prefix: folder.name }, signal)) {
    const read = readName(name);
    if (read?.role !== 'image' || read.folder !== folder.name) continue;
    batch.push({ bucket, name });
    if (batch.length === looksAtOnce) await look();
    if (sets.length >= maxOfFolder) break;
  }
  await look();
  return sets.slice(0, maxOfFolder);
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
  const mask = bestMask(ofRole('mask')) ?? bestMask(ofRole('folder-mask'));
  const request = ofRole('request')[0];
  return ofRole('image').map((image) => ({ image, mask, request }));
}

/** What was read at once is of one moment. */
function isAlone({ mask, request }: InputSet): boolean {
  return mask === undefined && request === undefined;
}

/** Metadata counts too: a request may ride on it. */
function sameObjects(a: readonly ObjectInfo[], b: readonly ObjectInfo[]): boolean {
  const versions = (infos: readonly ObjectInfo[]) =>
    infos.map(({ name, generation, metageneration }) => `${name}#${generation}.${metageneration}`).join('\n');
  return versions(a) === versions(b);
}
