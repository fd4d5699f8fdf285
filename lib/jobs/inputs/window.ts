import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { IsAskedAgain } from '../rounds.ts';
import type { InputSet } from './identity.ts';
import {
  endOfMembers,
  formsOf,
  isBefore,
  isDashedMask,
  isFirstChoice,
  isPicture,
  readObject,
  readTerminalName,
  sameText,
  stemIn,
  stemsOf,
} from './names.ts';
import { type FolderMasksOf, setFrom } from './pairing.ts';

/** Consecutive pictures in name order, with the objects around them in both buckets. */
export interface Window {
  readonly images: readonly ObjectInfo[];
  /** Every listed object of the input bucket. */
  readonly listed: readonly ObjectInfo[];
  /** The same, by the stems that they belong to. */
  readonly members: ReadonlyMap<string, readonly ObjectInfo[]>;
  /** Manifests and error files, by the name of their picture. */
  readonly terminals: ReadonlyMap<string, readonly ObjectInfo[]>;
  /** No picture comes after these. */
  readonly isLast: boolean;
  /** True when every object from the first name to before the second one is listed. */
  readonly covers: (from: string, end: string) => boolean;
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
  const start = stemIn(after).toWellFormed();
  for await (const info of store.list(buckets.input, { startOffset: start }, signal)) {
    if (end !== undefined && !isBefore(info.name, end)) {
      isLast = false;
      break;
    }
    listed.push(info);
    if (!isBefore(after, info.name) || !isPicture(info)) continue;
    if (images.length < maxImages) images.push(info);
    // One more than there is room for: the next window begins with it.
    else isLast = false;
    if (images.length === maxImages) end ??= maximum(images.map(({ name }) => endOfStem(stemIn(name))));
  }
  return {
    images,
    listed,
    members: groupByStem(listed),
    terminals: terminalsByImage(await resultsOf(images, options, signal)),
    isLast,
    covers: (from, until) =>
      !isBefore(from, start) && (isLast || (end !== undefined && !isBefore(end, until))),
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
  for await (const info of store.list(buckets.output, { startOffset: first.name.toWellFormed() }, signal)) {
    if (!isBefore(info.name, end)) break;
    listed.push(info);
  }
  return listed;
}

/** The set of a picture; `undefined` where the window does not show all of it. */
export async function setInWindow(
  image: ObjectInfo,
  { members, covers }: Window,
  folderMasksOf: FolderMasksOf | undefined,
  signal: AbortSignal,
): Promise<InputSet | undefined> {
  const stem = stemIn(image.name);
  if (!covers(stem, endOfStem(stem))) return undefined;
  const group = membersOf(image, members);
  const own = setFrom(image, group);
  // Another form of Unicode lies elsewhere. What paired first goes before it.
  if (own.mask !== undefined && isFirstChoice(own.mask, image)) return own;
  if (![...formsOf(stem)].every((form) => covers(form, endOfMembers(form)))) return undefined;
  if (folderMasksOf === undefined || (own.mask !== undefined && !isDashedMask(own.mask))) return own;
  return setFrom(image, [...group, ...(await folderMasksOf(image, signal))]);
}

const generationKeys = ['image', 'mask', 'request', 'keep'];

/**
 * How the jobs of exactly these inputs have ended, with any model: a manifest where there is one, else the
 * error file of the newest round.
 *
 * @param generations of the inputs, also as the metadata of another end.
 */
export function endOf(
  generations: Readonly<Record<string, string>>,
  terminals: readonly ObjectInfo[],
): ObjectInfo | undefined {
  const ends = terminals.filter(({ metadata }) =>
    generationKeys.every((key) => metadata[key] === generations[key]),
  );
  return ends.find(({ name }) => !isFailure(name)) ?? ends.sort(byAge).at(-1);
}

const isFailure = (terminalName: string) => readTerminalName(terminalName)?.kind === 'error';

const byAge = (a: ObjectInfo, b: ObjectInfo) =>
  Date.parse(a.timeCreated) - Date.parse(b.timeCreated) || roundOf(a) - roundOf(b);
const roundOf = ({ metadata }: ObjectInfo) => Number(metadata['round'] ?? 0);

/** The same; `undefined` where the last job has failed and was asked for again. */
export async function lastEnd(
  generations: Readonly<Record<string, string>>,
  terminals: readonly ObjectInfo[],
  isAsked: IsAskedAgain,
): Promise<ObjectInfo | undefined> {
  const end = endOf(generations, terminals);
  const read = end && readTerminalName(end.name);
  return read?.kind === 'error' && (await isAsked(read.job)) ? undefined : end;
}

/** Manifests and error files of an output bucket, by the name of their picture. */
export function terminalsByImage(outputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(outputs, ({ name }) => {
    const terminal = readTerminalName(name);
    return terminal === undefined ? [] : [terminal.imageName];
  });
}

/** Objects of an input bucket, by every stem that they belong to. */
export function groupByStem(inputs: readonly ObjectInfo[]): Map<string, ObjectInfo[]> {
  return groupBy(inputs, (info) => {
    const read = readObject(info);
    return read === undefined ? [] : stemsOf(read);
  });
}

/** The objects of a picture's stem, itself among them. */
export const membersOf = ({ name }: ObjectInfo, byStem: Window['members']): readonly ObjectInfo[] =>
  byStem.get(sameText(stemIn(name))) ?? [];

function groupBy(
  infos: readonly ObjectInfo[],
  keysOf: (info: ObjectInfo) => readonly string[],
): Map<string, ObjectInfo[]> {
  const groups = new Map<string, ObjectInfo[]>();
  for (const info of infos) {
    for (const key of keysOf(info)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [info]);
      else group.push(info);
    }
  }
  return groups;
}

const maximum = (names: readonly string[]) =>
  names.reduce((most, name) => (isBefore(most, name) ? name : most));
