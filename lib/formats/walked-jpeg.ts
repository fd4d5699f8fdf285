import type { WalkedJpeg } from './jpeg/scan/walk.ts';
import type { Source } from './vips/read.ts';

const known = new WeakMap<Source, WalkedJpeg>();

/** Keeps what the check of a photo read, as long as the photo is used. */
export const keepWalked = (photo: Source, walked: WalkedJpeg): void => void known.set(photo, walked);

/** What the check of a photo read; `undefined` without one, and for a file that is not walked. */
export const walkedOf = (photo: Source): WalkedJpeg | undefined => known.get(photo);
