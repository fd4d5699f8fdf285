import type { ObjectInfo } from '../../storage/store.ts';
import type { InputSet } from './identity.ts';
import { isImageType, isPicture, readObject, sameText, stemIn, stemsOf, type UploadName } from './names.ts';

/** An object that belongs to no job. */
export interface Unpaired {
  readonly name: string;
  /** What it waits for, or the name with which it would pair. */
  readonly reason: string;
  /** Another object without a pair has nearly the name that is waited for. */
  readonly isNear: boolean;
}

/** Objects are left alone for so long: the others of their set may still be on their way. */
export const unpairedAfterMs = 3_600_000;

interface Lone {
  readonly object: ObjectInfo;
  readonly read: UploadName | undefined;
}

/**
 * Tells of each object why it pairs with nothing, and which name would pair.
 *
 * @param lone all of them: one may be what another one waits for.
 * @param sets of the same bucket, complete ones too.
 */
export function explainUnpaired(lone: readonly ObjectInfo[], sets: readonly InputSet[]): readonly Unpaired[] {
  const all = lone.map((object) => ({ object, read: readObject(object) }));
  const alike = Map.groupBy(all, ({ object }) => looseName(object.name));
  const setOf = new Map(sets.map((set) => [sameText(stemIn(set.image.name)), set]));
  return all.map((one) => {
    const { name } = one.object;
    const others = (alike.get(looseName(name)) ?? []).filter(({ object }) => object !== one.object);
    const near = nearMiss(one, others) ?? unknownPicture(one, others);
    return { name, isNear: near !== undefined, reason: near ?? whyAlone(one, setOf) };
  });
}

/** Letters and digits alone, without the word mask: what is left of a name that was nearly right. */
function looseName(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1).replace(/(?:\.[a-z0-9]{1,8})+$/i, '');
  const loose = file
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
  return loose.replace(/mask|msk/g, '') || loose;
}

/** A mask by its role, or by the word in its name or folder. */
const looksLikeMask = ({ object, read }: Lone) => read?.role === 'mask' || /mask|msk/i.test(object.name);

/** The object and another one are a pair but for their names. */
function nearMiss(one: Lone, others: readonly Lone[]): string | undefined {
  const isMask = looksLikeMask(one);
  if (one.read?.role === 'request' || isMask) {
    const picture = others.find((other) => isPicture(other.object) && !looksLikeMask(other));
    if (picture === undefined) return undefined;
    return `belongs to ${picture.object.name}? As ${pairingName(picture, one)} it would pair`;
  }
  const mask = others.find(looksLikeMask);
  if (mask === undefined || !isPicture(one.object)) return undefined;
  return `waits for its mask; ${mask.object.name} would pair as ${pairingName(one, mask)}`;
}

/** The name with which an object would belong to a picture. */
function pairingName(picture: Lone, { object, read }: Lone): string {
  const stem = stemIn(picture.object.name);
  if (read?.role === 'request') return `${stem}.json`;
  return `${stem}.mask.${/\.([a-z0-9]{1,8})$/i.exec(object.name)?.[1] ?? 'png'}`;
}

/** A picture whose extension nobody knows hides its mask too. */
function unknownPicture({ object, read }: Lone, others: readonly Lone[]): string | undefined {
  const mask = others.find((other) => other.read?.role === 'mask');
  if (read !== undefined || mask === undefined || !isImageType(object.contentType)) return undefined;
  return `is it a picture? As ${stemIn(mask.object.name)}.jpg it would pair with ${mask.object.name}`;
}

function whyAlone({ object, read }: Lone, setOf: ReadonlyMap<string, InputSet>): string {
  if (read === undefined) return strange(object);
  const { role } = read;
  const stem = stemIn(object.name);
  if (role === 'folder-mask') return 'no picture of its folder uses it; FOLDER_MASK may be off';
  const sets = stemsOf(read).flatMap((key) => setOf.get(key) ?? []);
  if (role === 'image') {
    const hasMask = sets.some(({ image, mask }) => image.name === object.name && mask !== undefined);
    return `waits for ${stem}.${hasMask ? 'json' : 'mask.png'}`;
  }
  const [set] = sets;
  if (set === undefined) return `waits for its picture, ${stem}.jpg or of another format`;
  const used = role === 'mask' ? set.mask : role === 'keep' ? set.keep : set.request;
  return `${set.image.name} uses ${used?.name ?? 'none'} instead`;
}

function strange(object: ObjectInfo): string {
  return isImageType(object.contentType)
    ? 'its extension is none of a picture, e.g. .jpg or .png'
    : 'its name is none of a picture, a mask (photo.mask.png) or a request (photo.json)';
}
