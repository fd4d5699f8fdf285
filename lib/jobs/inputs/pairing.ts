import { asEditError, EditError } from '../../errors.ts';
import { mapOrdered } from '../../in-parallel.ts';
import { listAll, type ObjectId, type ObjectInfo, type ObjectStore } from '../../storage/store.ts';
import type { InputSet } from './identity.ts';
import { listStem } from './listing.ts';
import {
  basesOf,
  bestMask,
  folderMaskPrefix,
  isDashedMask,
  isFolderMask,
  isPicture,
  keepOf,
  readName,
  readObject,
  sameText,
  stemIn,
  type UploadName,
} from './names.ts';

export interface PairingOptions {
  /** Let `_folder.mask.png` be the mask of every picture of its folder that has none of its own. */
  readonly folderMask: boolean;
}

/**
 * The event of a folder's mask starts so many jobs: within its deadline they can be put into the queue. The
 * sweep finds the others.
 */
const maxOfFolder = 200;
/** Each takes a few listings, one after the other. */
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
  if (upload.role === 'folder-mask')
    return options.folderMask ? collectFolder(store, { ...id, name: upload.folder }, options, signal) : [];
  const sets = new Map<string, InputSet>();
  for (const { stem, isMeant } of looksFor(id.name, upload)) {
    const at = { bucket: id.bucket, folder: upload.folder, stem };
    for (const set of await collectStem(store, at, options, signal))
      if (isMeant(set.image)) sets.set(set.image.name, set);
  }
  return [...sets.values()];
}

interface Look {
  readonly stem: string;
  /** Tells whether the upload belongs to this picture of the stem. */
  readonly isMeant: (image: ObjectInfo) => boolean;
}

/** Where to look for the pictures of an upload. */
function looksFor(name: string, { role, stem, dashed }: UploadName): readonly Look[] {
  if (role === 'request') return [{ stem, isMeant: () => true }];
  const ofMask = (base: string) => basesOf(base).map((each) => ({ stem: each, isMeant: isNamed(base) }));
  if (role === 'mask' || role === 'keep') return ofMask(stem);
  const itself = { stem, isMeant: (image: ObjectInfo) => image.name === name };
  return dashed === undefined ? [itself] : [itself, ...ofMask(dashed)];
}

/** The base of a mask is the stem of its picture, or the whole name. */
const isNamed = (base: string) => (image: ObjectInfo) => {
  const read = readObject(image);
  return [read?.stem, read?.file].some((text) => text !== undefined && sameText(text) === sameText(base));
};

interface StemId {
  readonly bucket: string;
  readonly folder: string;
  readonly stem: string;
}

/**
 * Double collect: the objects of a stem are listed twice. When they have not changed, the whole set was
 * current between the two. One listing is enough where there is no picture, or nothing but pictures.
 *
 * @see Afek et al., "Atomic Snapshots of Shared Memory", Journal of the ACM 40(4), 1993.
 */
async function collectStem(
  store: ObjectStore,
  { bucket, folder, stem }: StemId,
  { folderMask }: PairingOptions,
  signal: AbortSignal,
): Promise<readonly InputSet[]> {
  const name = `${folder}${stem}`;
  const look = async () => {
    const listed = await listStem(store, { bucket, name }, signal);
    const sets = setsOf(name, listed);
    if (!folderMask || sets.every(({ mask }) => mask !== undefined && !isDashedMask(mask)))
      return { listed, sets };
    const more = await listAll(store, bucket, folderMaskPrefix(folder), signal);
    const all = [...listed, ...more.filter(isFolderMask)];
    return { listed: all, sets: setsOf(name, all) };
  };
  let before = await look();
  for (let collect = 0; collect < maxCollects; collect++) {
    if (before.sets.every(({ mask, request }) => mask === undefined && request === undefined))
      return before.sets;
    const after = await look();
    if (sameObjects(before.listed, after.listed)) return after.sets;
    before = after;
  }
  throw new EditError(
    'BUSY',
    `Expected gs://${bucket}/${name}.* not to change while it is listed, got ${maxCollects} changes`,
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
  const collected = mapOrdered(pictures, looksAtOnce, async (id) => {
    const found = await collectInputs(store, id, options, signal).catch(noneOfBadName);
    return found.filter(({ image }) => image.name === id.name);
  });
  for await (const found of collected) {
    const [set] = found.filter(({ mask }) => mask !== undefined && isFolderMask(mask));
    if (set !== undefined) sets.push(set);
    if (sets.length >= maxOfFolder) break;
  }
  return sets;
}

/** One picture whose name cannot be asked for is no reason to leave out the others. */
function noneOfBadName(error: unknown): readonly InputSet[] {
  if (asEditError(error).kind !== 'input') throw error;
  return [];
}

async function* picturesIn(
  store: ObjectStore,
  folder: ObjectId,
  signal: AbortSignal,
): AsyncGenerator<ObjectId> {
  for await (const info of store.list(folder.bucket, { prefix: folder.name }, signal)) {
    const read = readObject(info);
    if (read?.role === 'image' && read.folder === folder.name) yield { bucket: info.bucket, name: info.name };
  }
}

/** The set of each picture of a stem. */
function setsOf(stem: string, members: readonly ObjectInfo[]): InputSet[] {
  const pictures = members.filter((info) => isPicture(info) && isOfStem(info, stem));
  return pictures.map((image) => setFrom(image, members));
}

const isOfStem = ({ name }: ObjectInfo, stem: string) => sameText(stemIn(name)) === sameText(stem);

/** @param members objects of the picture's stem, and masks of its folder. */
export function setFrom(image: ObjectInfo, members: readonly ObjectInfo[]): InputSet {
  const set = { image, mask: bestMask(image, members), request: requestOf(image, members) };
  const keep = keepOf(image, members);
  return keep === undefined ? set : { ...set, keep };
}

/** The request of a picture's stem; before others the one that is written in the same form of Unicode. */
function requestOf(image: ObjectInfo, members: readonly ObjectInfo[]): ObjectInfo | undefined {
  const stem = stemIn(image.name);
  const requests = members.filter((info) => readObject(info)?.role === 'request' && isOfStem(info, stem));
  return requests.find(({ name }) => stemIn(name) === stem) ?? requests[0];
}

/** Metadata counts too: it may hold fields of the request. */
function sameObjects(a: readonly ObjectInfo[], b: readonly ObjectInfo[]): boolean {
  const versions = (infos: readonly ObjectInfo[]) =>
    infos.map(({ name, generation, metageneration }) => `${name}#${generation}.${metageneration}`).join('\n');
  return versions(a) === versions(b);
}

export type FolderMasksOf = (
  image: ObjectInfo,
  signal: AbortSignal | undefined,
) => Promise<readonly ObjectInfo[]>;

/** Finds the masks of a picture's folder, and lists each folder once. */
export function folderMaskFinder(store: ObjectStore, bucket: string): FolderMasksOf {
  const known = new Map<string, Promise<readonly ObjectInfo[]>>();
  return async (image, signal) => {
    const folder = readObject(image)?.folder;
    if (folder === undefined) return [];
    const listed =
      known.get(folder) ??
      listAll(store, bucket, folderMaskPrefix(folder), signal).then((infos) => infos.filter(isFolderMask));
    known.set(folder, listed);
    return listed;
  };
}
