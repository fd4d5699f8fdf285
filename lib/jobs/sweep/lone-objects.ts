import { asEditError } from '../../errors.ts';
import type { ObjectInfo, ObjectStore } from '../../storage/store.ts';
import type { InputSet } from '../inputs/identity.ts';
import { isImageType, isPicture, readObject } from '../inputs/names.ts';
import { collectInputs, type PairingOptions, setFrom } from '../inputs/pairing.ts';
import { explainUnpaired, type Unpaired, unpairedAfterMs } from '../inputs/unpaired.ts';
import { membersOf, type Window } from '../inputs/window.ts';
import { ageMs } from './sweep-report.ts';

interface LoneOptions {
  readonly store: ObjectStore;
  readonly pairing: PairingOptions;
}

/** Looks at most at so many masks of one window: each takes a listing. */
const maxLooks = 100;

/** A window, and what its pictures use as far as it shows that. */
export interface SweptWindow extends Window {
  readonly sets: readonly InputSet[];
  readonly usedMasks: ReadonlySet<string | undefined>;
}

export function swept(window: Window): SweptWindow {
  const pictures = window.listed.filter(isPicture);
  const sets = pictures.map((image) => setFrom(image, membersOf(image, window.members)));
  return { ...window, sets, usedMasks: new Set(sets.flatMap(({ mask, keep }) => [mask?.name, keep?.name])) };
}

/**
 * Photos and masks that pair with nothing, and have done so for an hour.
 *
 * @param incomplete the pictures of the window that lack something.
 */
export async function unpairedIn(
  window: SweptWindow,
  incomplete: readonly ObjectInfo[],
  options: LoneOptions,
  signal: AbortSignal,
): Promise<readonly Unpaired[]> {
  const isOld = (image: ObjectInfo) =>
    ageMs({ image, mask: undefined, request: undefined }) >= unpairedAfterMs;
  const masks = window.listed.filter(
    (info) => mayBeLone(info) && isOld(info) && !window.usedMasks.has(info.name),
  );
  const lone: ObjectInfo[] = [];
  for (const mask of masks.slice(0, maxLooks)) if (!(await isUsed(mask, options, signal))) lone.push(mask);
  return explainUnpaired([...incomplete.filter(isOld), ...lone], window.sets);
}

/** Its picture may lie outside of the window. */
async function isUsed(
  mask: ObjectInfo,
  { store, pairing }: LoneOptions,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const sets = await collectInputs(store, mask, pairing, signal);
    return sets.some((set) => [set.mask?.name, set.keep?.name].includes(mask.name));
  } catch (error) {
    if (asEditError(error).kind !== 'input') throw error;
    return false;
  }
}

/** Pictures are judged one by one; these are not. */
function mayBeLone(info: ObjectInfo): boolean {
  const role = readObject(info)?.role;
  return role === 'mask' || role === 'keep' || (role === undefined && isImageType(info.contentType));
}
