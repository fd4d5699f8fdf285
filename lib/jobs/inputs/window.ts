import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { inputGenerations } from '../run/manifest.ts';
import type { InputSet } from './identity.ts';
import { bestMask, readName, readTerminalName } from './names.ts';

/** A run of pictures in name order, with what lies around them in both buckets. */
export interface Window {
  readonly images: readonly ObjectInfo[];
  /** Every object listed on the way, by folder and stem. */
  readonly members: ReadonlyMap<string, readonly ObjectInfo[]>;
  /** Manifests and error files, by the name of their picture. */
  readonly terminals: ReadonlyMap<string, readonly ObjectInfo[]>;
  readonly isLast: boolean;
  /** Is every object `{stem}.*` among the members? */
  readonly covers: (stem: string) => boolean;
}

interface WindowOptions {
  readonly store: ObjectStore;
  readonly buckets: { readonly input: string; readonly output: string };
  /** Pictures after this name. */
  readonly after: string;
  readonly maxImages: number;
}

// In byte order `/` follows `.` and `0` follows `/`.
const endOfStem = (stem: string) => `${stem}/`;
const endOfFolder = (imageName: string) => `${imageName}0`;

/**
 * The next pictures and, by a merge of the two listings, what became of them: reading a million pictures
 * takes some thousand requests, not millions.
 */
export async function readWindow(options: WindowOptions, signal: AbortSignal): Promise<Window> {
  const { store, buckets, after, maxImages } = options;
  const images: ObjectInfo[] = [];
  const listed: ObjectInfo[] = [];
  let isLast = true;
  let end: string | undefined;
  // From the beginning of the stem: the mask of a picture may come before it.
  const start = stemOf(after) ?? after;
  for await (const info of store.list(buckets.input, { startOffset: start }, signal)) {
    if (end !== undefined && !isBefore(info.name, end)) {
      isLast = false;
      break;
    }
    listed.push(info);
    if (!isBefore(after, info.name) || readName(info.name)?.role !== 'image') continue;
    if (images.length < maxImages) images.push(info);
    // One more than there is room for: the next window begins with it.
    else isLast = false;
    if (images.length === maxImages)
      end ??= maximum(images.map(({ name }) => endOfStem(stemOf(name) ?? name)));
  }
  return {
    images,
    members: groupByStem(listed),
    terminals: await terminalsOf(images, options, signal),
    isLast,
    covers: (stem) =>
      !isBefore(`${stem}.`, start) && (isLast || (end !== undefined && !isBefore(end, endOfStem(stem)))),
  };
}

async function terminalsOf(
  images: readonly ObjectInfo[],
  { store, buckets }: WindowOptions,
  signal: AbortSignal,
): Promise<Map<string, ObjectInfo[]>> {
  const listed: ObjectInfo[] = [];
  const [first] = images;
  if (first === undefined) return new Map();
  // One name may begin another (`a.jpg`, `a.jpg.png`), and then their folders sort the other way round.
  const end = maximum(images.map(({ name }) => endOfFolder(name)));
  for await (const info of store.list(buckets.output, { startOffset: first.name }, signal)) {
    if (!isBefore(info.name, end)) break;
    listed.push(info);
  }
  return terminalsByImage(listed);
}

export function terminalsByImage(outputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(outputs, ({ name }) => readTerminalName(name)?.imageName);
}

/** Objects by folder and stem. */
export function groupByStem(inputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(inputs, ({ name }) => stemOf(name));
}

/** Those without a key are left out. */
function groupBy(
  infos: readonly ObjectInfo[],
  keyOf: (info: ObjectInfo) => string | undefined,
): Map<string, ObjectInfo[]> {
  const groups = new Map<string, ObjectInfo[]>();
  for (const info of infos) {
    const key = keyOf(info);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [info]);
    else group.push(info);
  }
  return groups;
}

/**
 * The picture's set as far as these objects show it; outside a window may lie a mask named `_mask`.
 *
 * @param folderMask what is taken where it has no mask of its own.
 */
export function setOf(image: ObjectInfo, members: Window['members'], folderMask?: ObjectInfo): InputSet {
  const ofStem = members.get(stemOf(image.name) ?? '') ?? [];
  const ofRole = (role: string) => ofStem.filter(({ name }) => readName(name)?.role === role);
  const mask = bestMask(ofRole('mask'));
  return { image, mask: mask ?? folderMask, request: ofRole('request')[0] };
}

/** Has a job of exactly these inputs ended, whatever model it ran with? */
export function isSettled(inputs: InputSet, terminals: readonly ObjectInfo[]): boolean {
  const wanted = Object.entries(inputGenerations(inputs));
  return terminals.some(({ metadata }) => wanted.every(([key, generation]) => metadata[key] === generation));
}

/** Folder and stem; `undefined` for objects that are no part of a job. */
export function stemOf(name: string): string | undefined {
  const read = readName(name);
  return read === undefined ? undefined : `${read.folder}${read.stem}`;
}

const maximum = (names: readonly string[]) =>
  names.reduce((most, name) => (isBefore(most, name) ? name : most));

/** Cloud Storage orders names by their UTF-8 bytes, which is not how JavaScript orders texts. */
const isBefore = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
