import { completed } from '../../../lib/engines/patchmatch/run.ts';
import { dilate } from '../../../lib/pixels/mask.ts';
import type { Mask, Size } from '../../../lib/pixels/raster.ts';
import type { Rgb } from './pixels.ts';

/** Fills what is masked from what is around it; both of one size. */
export type Removal = (crop: Rgb, mask: Mask, signal: AbortSignal) => Promise<Rgb>;

/** Removes with the project's embedded engine. */
export const patchmatchRemoval: Removal = async (crop, mask, signal) => {
  const { width, height, data } = crop;
  const picture = { width, height, rgb: Uint8Array.from(data), mask: mask.data };
  return { channels: 3, ...(await completed(picture, { seed: 1, beginning: 'border' }, signal)) };
};

export interface PaintOrder {
  readonly mode: 'removal' | 'insertion';
  readonly crop: Rgb;
  /** As large as the crop. */
  readonly mask: Mask;
  /** How far the mask is grown, as a fraction of the width. */
  readonly dilation: number;
  readonly samples: number;
}

/** The edited pictures, one for each candidate, unchanged outside the grown mask. */
export async function paintEdit(
  { mode, crop, mask, dilation, samples }: PaintOrder,
  removal: Removal,
  signal: AbortSignal,
): Promise<readonly Rgb[]> {
  const candidates = Array.from({ length: samples }, (_, n) => n);
  const grown = dilate(mask, Math.round(dilation * crop.width));
  // A removal with nothing left to continue from: a model would make something up.
  if (mode === 'insertion' || !grown.data.includes(0))
    return candidates.map((n) => paintPlaceholder(crop, grown, n));
  const filled = await removal(crop, grown, signal);
  return candidates.map(() => filled);
}

type Colour = readonly [number, number, number];

/** Candidates of one request differ in colour. */
const cardColours: readonly Colour[] = [
  [240, 214, 120],
  [150, 205, 235],
  [180, 225, 160],
  [235, 175, 190],
];
const borderColour: Colour = [30, 30, 35];
/** Width of the border, as a fraction of the picture's shorter side. */
const borderFraction = 1 / 64;

/** Covers what is masked with a plain card in place of what a generative model would paint. */
function paintPlaceholder(picture: Rgb, mask: Mask, candidate: number): Rgb {
  const { width, height } = picture;
  const data = new Uint8Array(picture.data);
  const card = cardColours[candidate % cardColours.length] ?? borderColour;
  const border = Math.max(1, Math.round(Math.min(width, height) * borderFraction));
  const isMasked = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask.data[y * width + x] !== 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isMasked(x, y)) continue;
      const isDeep =
        isMasked(x - border, y) &&
        isMasked(x + border, y) &&
        isMasked(x, y - border) &&
        isMasked(x, y + border);
      data.set(isDeep ? card : borderColour, (y * width + x) * 3);
    }
  }
  return { ...picture, data };
}

/** A whole picture in place of a generated one. */
export function placeholderPicture({ width, height }: Size, candidate = 0): Rgb {
  const blank: Rgb = { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
  const all: Mask = { width, height, channels: 1, data: new Uint8Array(width * height).fill(255) };
  return paintPlaceholder(blank, all, candidate);
}
