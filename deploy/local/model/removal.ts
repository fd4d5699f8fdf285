import { completeInWorker } from '../../../lib/engines/patchmatch/run.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import type { Rgb } from './pixels.ts';

/** Fills what is masked from what is around it; both of one size. */
export type Removal = (crop: Rgb, mask: Mask, signal: AbortSignal) => Promise<Rgb>;

/** Removals are answered by the project's embedded engine. */
export const patchmatchRemoval: Removal = async (crop, mask, signal) => {
  const { width, height, data } = crop;
  const picture = { width, height, rgb: Uint8Array.from(data), mask: mask.data };
  const [filled] = await completeInWorker({ picture, seeds: [1] }, signal);
  if (filled === undefined) throw new Error('Expected a filled picture, got none');
  return { width, height, channels: 3, data: filled };
};
