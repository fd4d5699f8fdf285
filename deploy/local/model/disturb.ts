import type { Behaviour } from './behaviour.ts';
import { blurRgb, type Rgb, resizeRgb } from './pixels.ts';
import { randomFrom } from './random.ts';

/** How far real answers stray from the input outside the mask. */
export interface NaturalDrift {
  /** Whole pixels, right and down. */
  readonly shiftPx: number;
  /** Levels by which the tone of each channel may move. */
  readonly tone: number;
  /** Levels of noise, either side. */
  readonly noise: number;
}

export const imagenDrift: NaturalDrift = { shiftPx: 0, tone: 2, noise: 2 };
/** Whole pictures of Gemini were seen to move by a pixel or so. */
export const geminiDrift: NaturalDrift = { shiftPx: 1, tone: 3, noise: 2 };

/** An answer with the small changes that models make everywhere, then with those that were asked for. */
export async function disturb(
  picture: Rgb,
  drift: NaturalDrift,
  behaviour: Behaviour,
  seed: number,
): Promise<Rgb> {
  const natural = behaviour.exact ? picture : addDrift(picture, drift, seed);
  const shift = behaviour.shift ?? 0;
  const zoom = 1 + (behaviour.zoom ?? 0) / 100;
  let result = shift === 0 && zoom === 1 ? natural : warp(natural, zoom, shift);
  if (behaviour.brighten) result = { ...result, data: lighten(result.data, behaviour.brighten) };
  if (behaviour.blur) result = await blurRgb(result, behaviour.blur);
  if (behaviour.size) {
    const [width = 1, height = 1] = behaviour.size.split('x').map(Number);
    result = await resizeRgb(result, { width, height });
  }
  return result;
}

function addDrift(picture: Rgb, { shiftPx, tone, noise }: NaturalDrift, seed: number): Rgb {
  const random = randomFrom(seed);
  const offsets = [0, 1, 2].map(() => (random() * 2 - 1) * tone);
  const moved = shiftPx === 0 ? picture : warp(picture, 1, shiftPx);
  const data = new Uint8Array(moved.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = clampByte(moved.data[i]! + offsets[i % 3]! + (random() * 2 - 1) * noise);
  }
  return { ...moved, data };
}

function lighten(data: Uint8Array, levels: number): Uint8Array {
  return data.map((value) => clampByte(value + levels));
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** Zooms around the centre and shifts, bilinear; the border continues outwards. */
function warp(picture: Rgb, zoom: number, shift: number): Rgb {
  const { width, height, data: from } = picture;
  const data = new Uint8Array(from.length);
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0; y < height; y++) {
    const sourceY = clampTo((y - shift - centreY) / zoom + centreY, height - 1);
    const top = Math.floor(sourceY);
    const below = Math.min(top + 1, height - 1);
    for (let x = 0; x < width; x++) {
      const sourceX = clampTo((x - shift - centreX) / zoom + centreX, width - 1);
      const left = Math.floor(sourceX);
      const right = Math.min(left + 1, width - 1);
      for (let c = 0; c < 3; c++) {
        const sample = (column: number, row: number) => from[(row * width + column) * 3 + c]!;
        const upper = mix(sample(left, top), sample(right, top), sourceX - left);
        const lower = mix(sample(left, below), sample(right, below), sourceX - left);
        data[(y * width + x) * 3 + c] = Math.round(mix(upper, lower, sourceY - top));
      }
    }
  }
  return { width, height, channels: 3, data };
}

function clampTo(value: number, last: number): number {
  return Math.max(0, Math.min(last, value));
}

function mix(a: number, b: number, weight: number): number {
  return a + (b - a) * weight;
}
