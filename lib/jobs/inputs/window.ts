import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import { type InputSet, inputGenerations } from './identity.ts';
import { readName, readTerminalName, stemOf } from './names.ts';
import { type FolderMaskOf, setFrom } from './pairing.ts';

/** Consecutive pictures in name order, with the objects around them in both buckets. */
export interface Window {
  readonly images: readonly ObjectInfo[];
  /** Every listed object of the input bucket, by folder and stem. */
  readonly members: ReadonlyMap<string, readonly ObjectInfo[]>;
  /** Manifests and error files, by the name of their picture. */
  readonly terminals: ReadonlyMap<string, readonly ObjectInfo[]>;
  /** No picture comes after these. */
  readonly isLast: boolean;
  /** True when the members hold every object `{stem}.*`. */
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
 * Reads the next pictures and their results by a merge of two listings: a million pictures take some
 * thousand requests, not millions.
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
    terminals: terminalsByImage(await resultsOf(images, options, signal)),
    isLast,
    covers: (stem) =>
      !isBefore(`${stem}.`, start) && (isLast || (end !== undefined && !isBefore(end, endOfStem(stem)))),
  };
}

/** Objects of the output bucket among which are all results of these pictures. */
async function resultsOf(
  images: readonly ObjectInfo[],
  { store, buckets }: WindowOptions,
  signal: AbortSignal,
): Promise<readonly ObjectInfo[]> {
  const listed: ObjectInfo[] = [];
  const [first] = images;
  if (first === undefined) return listed;
  // One name may begin another (`a.jpg`, `a.jpg.png`): then their folders sort the other way round.
  const end = maximum(images.map(({ name }) => endOfFolder(name)));
  for await (const info of store.list(buckets.output, { startOffset: first.name }, signal)) {
    if (!isBefore(info.name, end)) break;
    listed.push(info);
  }
  return listed;
}

/** The set of a picture; `undefined` where the window does not show all of it. */
export async function setInWindow(
  image: ObjectInfo,
  { members, covers }: Window,
  folderMaskOf: FolderMaskOf | undefined,
  signal: AbortSignal,
): Promise<InputSet | undefined> {
  const stem = stemOf(image.name) ?? image.name;
  if (!covers(stem)) return undefined;
  const own = setFrom(image, members.get(stem) ?? []);
  if (own.mask !== undefined) return own;
  if (!covers(`${stem}_mask`)) return undefined;
  return { ...own, mask: await folderMaskOf?.(image.name, signal) };
}

/** True when a job of exactly these inputs has ended, with any model. */
export function isSettled(inputs: InputSet, terminals: readonly ObjectInfo[]): boolean {
  const wanted = Object.entries(inputGenerations(inputs));
  return terminals.some(({ metadata }) => wanted.every(([key, generation]) => metadata[key] === generation));
}

/** Manifests and error files of an output bucket, by the name of their picture. */
export function terminalsByImage(outputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(outputs, ({ name }) => readTerminalName(name)?.imageName);
}

/** Objects of an input bucket, by folder and stem. */
export function groupByStem(inputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(inputs, ({ name }) => stemOf(name));
}

/** Leaves out objects without a key. */
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

const maximum = (names: readonly string[]) =>
  names.reduce((most, name) => (isBefore(most, name) ? name : most));

/** Cloud Storage orders names by their UTF-8 bytes, JavaScript orders texts by UTF-16 units. */
const isBefore = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
