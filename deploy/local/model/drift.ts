import type { Rgb } from './pixels.ts';
import { randomFrom } from './random.ts';

/** How far real answers stray from the input outside the mask. */
interface Drift {
  /** Whole pixels, right and down. */
  readonly shiftPx: number;
  /** Levels by which the tone of each channel may move. */
  readonly tone: number;
  /** Levels of noise, either side. */
  readonly noise: number;
}

export const imagenDrift: Drift = { shiftPx: 0, tone: 2, noise: 2 };
/** Whole pictures of Gemini were seen to move by a pixel or so. */
export const geminiDrift: Drift = { shiftPx: 1, tone: 3, noise: 2 };

/**
 * Changes a picture everywhere as models do: shifted, in another tone, noisier. The same seed gives the same
 * change.
 */
export function addDrift(picture: Rgb, { shiftPx, tone, noise }: Drift, seed: number): Rgb {
  const random = randomFrom(seed);
  const offsets = [0, 1, 2].map(() => (random() * 2 - 1) * tone);
  const { width, height, data: from } = picture;
  const data = new Uint8Array(from.length);
  let i = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.max(0, y - shiftPx) * width;
    for (let x = 0; x < width; x++) {
      const source = (row + Math.max(0, x - shiftPx)) * 3;
      for (let c = 0; c < 3; c++)
        data[i++] = clampByte(from[source + c]! + offsets[c]! + (random() * 2 - 1) * noise);
    }
  }
  return { ...picture, data };
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
