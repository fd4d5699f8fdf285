import { type Beginning, openCompletion } from '../../lib/engines/patchmatch/complete.ts';
import type { Picture } from '../../lib/engines/patchmatch/level.ts';

/** Completes a picture in one go. */
export function completePicture(
  picture: Picture,
  seed: number,
  beginning: Beginning = 'border',
): Uint8Array<ArrayBuffer> {
  const completion = openCompletion(picture);
  completion.draft({ seed, beginning });
  return completion.finish(0).data;
}
