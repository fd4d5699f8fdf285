import { EditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import { listAll, type ObjectId, type ObjectInfo, type ObjectStore } from '../../storage/store.ts';
import type { InputSet } from './identity.ts';
import { bestMask, folderMaskPrefix, isFolderMask, readName, type UploadName } from './names.ts';

export interface PairingOptions {
  /** Let `_folder.mask.png` be the mask of every picture of its folder that has none of its own. */
  readonly folderMask: boolean;
}

/**
 * The event of a folder's mask starts so many jobs: within its deadline they can be put into the queue. The
 * sweep finds the others.
 */
const maxOfFolder = 200;
/** Each takes four listings, one after the other. */
const looksAtOnce = 10;
/** Nobody waits for a user who uploads the same picture over and over: the event comes again. */
const maxCollects = 3;

/**
 * The pictures that an upload belongs to, each with its mask and request as they were at one moment. A
 * missing mask or request is `undefined`: the event of the object written last finds them all.
 *
 * @throws {EditError} `BUSY` when the files keep changing.
 */
export async function collectInputs(
  store: ObjectStore,
  id: ObjectId,
  options: PairingOptions,
  signal: AbortSignal,
): Promise<readonly InputSet[]> {
  const upload = readName(id.name);
  if (upload === undefined) return [];
  if (upload.role !== 'folder-mask') return collectStem(store, { ...upload, ...id }, options, signal);
  return options.folderMask ? collectFolder(store, { ...id, name: upload.folder }, options, signal) : [];
}

/**
 * Double collect: `{stem}.*` is listed, then the other masks, then `{stem}.*` again. When that has not
 * changed, the whole set was current when the last of the other masks was listed. One listing is enough where
 * there is no picture, or nothing but pictures.
 *
 * @see Afek et al., "Atomic Snapshots of Shared Memory", Journal of the ACM 40(4), 1993.
 */
async function collectStem(
  store: ObjectStore,
  upload: UploadName & ObjectId,
  { folderMask }: PairingOptions,
  signal: AbortSignal,
): Promise<readonly InputSet[]> {
  const list = (prefix: string) => listAll(store, upload.bucket, prefix, signal);
  const prefix = `${upload.folder}${upload.stem}`;
  let before = await list(`${prefix}.`);
  for (let collect = 0; collect < maxCollects; collect++) {
    if (setsOf(upload, before).length === 0) return [];
    const others = await list(`${prefix}_mask.`);
    if (folderMask) others.push(...(await list(folderMaskPrefix(upload.folder))));
    const sets = setsOf(upload, [...before, ...others]);
    const isAlone = sets.every(({ mask, request }) => mask === undefined && request === undefined);
    const after = isAlone ? before : await list(`${prefix}.`);
    if (sameObjects(before, after)) {
      return upload.role === 'image' ? sets.filter(({ image }) => image.name === upload.name) : sets;
    }
    before = after;
  }
  const files = `gs://${upload.bucket}/${prefix}.*`;
  throw new EditError(
    'BUSY',
    `Expected ${files} not to change while it is listed, got ${maxCollects} changes`,
  );
}

/**
 * The sets of the pictures directly in a folder that have no mask of their own, at most `maxOfFolder`.
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
  const pictures = picturesIn(store, folder, signal);
  const collected = mapOrdered(pictures, looksAtOnce, (id) => collectInputs(store, id, options, signal));
  for await (const found of collected) {
    sets.push(...found.filter(({ mask }) => mask !== undefined && isFolderMask(mask)));
    if (sets.length >= maxOfFolder) break;
  }
  return sets;
}

async function* picturesIn(
  store: ObjectStore,
  folder: ObjectId,
  signal: AbortSignal,
): AsyncGenerator<ObjectId> {
  for await (const { bucket, name } of store.list(folder.bucket, { prefix: folder.name }, signal)) {
    const read = readName(name);
    if (read?.role === 'image' && read.folder === folder.name) yield { bucket, name };
  }
}

/** The set of each picture of the upload's stem. */
function setsOf(upload: UploadName, listed: readonly ObjectInfo[]): InputSet[] {
  const members = listed.filter(({ name }) => {
    const read = readName(name);
    return read?.folder === upload.folder && (read.stem === upload.stem || read.role === 'folder-mask');
  });
  return members
    .filter(({ name }) => readName(name)?.role === 'image')
    .map((image) => setFrom(image, members));
}

/** @param members objects of the picture's stem, and masks of its folder. */
export function setFrom(image: ObjectInfo, members: readonly ObjectInfo[]): InputSet {
  const ofRole = (role: UploadName['role']) => members.filter(({ name }) => readName(name)?.role === role);
  const mask = bestMask(ofRole('mask')) ?? bestMask(ofRole('folder-mask'));
  return { image, mask, request: ofRole('request')[0] };
}

/** Metadata counts too: it may hold fields of the request. */
function sameObjects(a: readonly ObjectInfo[], b: readonly ObjectInfo[]): boolean {
  const versions = (infos: readonly ObjectInfo[]) =>
    infos.map(({ name, generation, metageneration }) => `${name}#${generation}.${metageneration}`).join('\n');
  return versions(a) === versions(b);
}

export type FolderMaskOf = (
  imageName: string,
  signal: AbortSignal | undefined,
) => Promise<ObjectInfo | undefined>;

/** Finds the mask of a picture's folder, and lists each folder once. */
export function folderMaskFinder(store: ObjectStore, bucket: string): FolderMaskOf {
  const known = new Map<string, Promise<ObjectInfo | undefined>>();
  return async (imageName, signal) => {
    const folder = readName(imageName)?.folder;
    if (folder === undefined) return undefined;
    const listed =
      known.get(folder) ??
      listAll(store, bucket, folderMaskPrefix(folder), signal).then((infos) =>
        bestMask(infos.filter(isFolderMask)),
      );
    known.set(folder, listed);
    return listed;
  };
}
