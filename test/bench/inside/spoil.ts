import type { EncodedImage } from '../../../lib/engines/engine.ts';
import { sharp } from '../../../lib/formats/vips/loaders.ts';
import { crop, paste } from '../../../lib/pixels/box.ts';
import type { Mask, Raster, Size } from '../../../lib/pixels/raster.ts';
import { rescale } from '../../../lib/pixels/resample.ts';
import { type Drift, simulateModel } from '../drift.ts';
import { type Colour, clamped } from './backdrops.ts';

/** What a model was asked to repaint, in its frame, and the chance in its answer. */
interface Seen {
  readonly mask: Mask;
  readonly next: () => number;
}

/** What becomes of the picture the model should have answered; of any size, 3 or 4 channels. */
export type Spoil = (picture: Raster, seen: Seen) => Raster;

export const inTurn =
  (...spoils: readonly Spoil[]): Spoil =>
  (picture, seen) =>
    spoils.reduce((spoiled, spoil) => spoil(spoiled, seen), picture);

const still: Drift = {
  gains: [1, 1, 1],
  gamma: 1,
  shiftX: 0,
  shiftY: 0,
  zoom: 1,
  blurPx: 0,
  light: 0,
  noise: 0,
};

const between = (next: () => number, from: number, to: number): number => from + (to - from) * next();
const eitherWay = (next: () => number, from: number, to: number): number =>
  (next() < 0.5 ? -1 : 1) * between(next, from, to);

/** Moves, zooms and tones as a model does, by what `drift` draws; lengths in px of the frame. */
const drifting =
  (drift: (next: () => number, size: Size) => Partial<Drift>): Spoil =>
  (picture, { next }) =>
    simulateModel(picture, picture, { ...still, ...drift(next, picture) }, Math.floor(next() * 1e9));

const tonedBy = (next: () => number, share: number): Partial<Drift> => ({
  gains: [1 + eitherWay(next, 0, share), 1 + eitherWay(next, 0, share), 1 + eitherWay(next, 0, share)],
  gamma: 1 + eitherWay(next, 0, share),
});

/** What every model does to every pixel. */
export const mild: Spoil = drifting((next) => ({
  ...tonedBy(next, 0.015),
  shiftX: eitherWay(next, 0, 0.6),
  shiftY: eitherWay(next, 0, 0.6),
  blurPx: between(next, 0, 0.5),
  light: 0.006,
  noise: between(next, 0, 2),
}));
/** What the product promises to correct. */
export const medium: Spoil = drifting((next) => ({
  ...tonedBy(next, 0.04),
  shiftX: eitherWay(next, 0.5, 2.5),
  shiftY: eitherWay(next, 0.5, 2.5),
  zoom: 1 + eitherWay(next, 0, 0.006),
  blurPx: between(next, 0.2, 0.8),
  light: 0.018,
  noise: between(next, 1, 3),
}));
export const toned: Spoil = drifting((next) => ({ ...tonedBy(next, 0.05), light: 0.01 }));
export const nudged: Spoil = drifting((next) => ({
  shiftX: eitherWay(next, 0.3, 2),
  shiftY: eitherWay(next, 0.3, 2),
  zoom: 1 + eitherWay(next, 0, 0.004),
}));
export const softened: Spoil = drifting((next) => ({ blurPx: between(next, 0.5, 1.2), noise: 1.5 }));
export const farShifted: Spoil = drifting((next, size) => ({
  shiftX: eitherWay(next, 0.07, 0.25) * size.width,
  shiftY: eitherWay(next, 0.07, 0.25) * size.height,
}));
export const farZoomed: Spoil = drifting((next) => ({
  zoom: next() < 0.5 ? between(next, 1.15, 1.6) : between(next, 0.6, 0.85),
}));
/** Another light altogether. */
export const farToned: Spoil = drifting((next) => ({
  gains: next() < 0.5 ? [1.5, 1.3, 0.8] : [0.5, 0.6, 0.9],
  gamma: between(next, 1.3, 1.9),
  light: 0.3,
}));

export const turned: Spoil = (picture, { next }) => {
  const isMirror = next() < 0.5;
  return mapped(picture, (x, y) => [picture.width - 1 - x, isMirror ? y : picture.height - 1 - y]);
};

/** Answers at another resolution: 0.6 to 1.5 of the frame. */
export const resized: Spoil = (picture, { next }) => scaled(picture, between(next, 0.6, 1.5));

const scaled = (picture: Raster, factor: number): Raster =>
  rescale(picture, {
    width: Math.max(8, Math.round(picture.width * factor)),
    height: Math.max(8, Math.round(picture.height * factor)),
  });

/** The whole picture, smaller, between bars. */
export const letterboxed: Spoil = (picture, { next }) => {
  const bar = between(next, 0.1, 0.22);
  const isWide = next() < 0.5;
  const inner = {
    width: Math.round(picture.width * (isWide ? 1 : 1 - 2 * bar)),
    height: Math.round(picture.height * (isWide ? 1 - 2 * bar : 1)),
  };
  const whole = flat(picture, next() < 0.5 ? [0, 0, 0] : [255, 255, 255]);
  const left = Math.floor((picture.width - inner.width) / 2);
  const top = Math.floor((picture.height - inner.height) / 2);
  paste(whole, rescale(picture, inner), { left, top, ...inner });
  return whole;
};

/** Only a part of what was asked for, enlarged to the whole. */
export const cropped: Spoil = (picture, { next }) => {
  const share = between(next, 0.6, 0.85);
  const part = { width: Math.round(picture.width * share), height: Math.round(picture.height * share) };
  const left = Math.floor((picture.width - part.width) * next());
  const top = Math.floor((picture.height - part.height) * next());
  return rescale(crop(picture, { left, top, ...part }), picture);
};

/** Ends early, as a file that was cut off: the rest is grey, beginning within the mask. */
export const endedEarly: Spoil = (picture, { mask, next }) => {
  const rows = rowsOf(mask);
  const from = Math.round(between(next, rows.first, (rows.first + rows.last) / 2));
  const whole = flat(picture, [128, 128, 128]);
  const kept = { left: 0, top: 0, width: picture.width, height: Math.max(1, from) };
  paste(whole, crop(picture, kept), kept);
  return whole;
};

/** Lines of letters on a card, over all of the answer or in the mask alone. */
export const lettered =
  (where: 'everywhere' | 'in the mask'): Spoil =>
  (picture, { mask, next }) => {
    const paper: Colour = next() < 0.7 ? [250, 250, 250] : [24, 24, 28];
    const ink: Colour = paper[0] > 128 ? [20, 20, 20] : [240, 240, 240];
    const line = between(next, 12, 22);
    const data = Uint8Array.from(picture.data);
    const letters = Array.from({ length: 4096 }, () => next());
    for (let p = 0; p < mask.data.length; p++) {
      if (where === 'in the mask' && mask.data[p] === 0) continue;
      const [x, y] = [p % picture.width, Math.floor(p / picture.width)];
      const [column, row] = [Math.floor(x / (line * 0.5)), Math.floor(y / line)];
      const isLetter = letters[(row * 61 + column) % letters.length]! > 0.18;
      const inLine = y % line > line * 0.3 && y % line < line * 0.85;
      const stroke =
        (x % (line * 0.5) < line * 0.12 || y % (line * 0.28) < line * 0.1) && x % (line * 0.5) < line * 0.38;
      data.set(isLetter && inLine && stroke ? ink : paper, p * 3);
    }
    return { ...picture, data };
  };

/** One colour, over all of the answer or in the mask alone; never near what it covers. */
export const blank =
  (where: 'everywhere' | 'in the mask'): Spoil =>
  (picture, { mask, next }) => {
    const colours: Colour[] = [
      [255, 255, 255],
      [0, 0, 0],
      [128, 128, 128],
      [255, 0, 255],
    ];
    const start = Math.floor(next() * colours.length);
    const far = colours.map((_, n) => colours[(start + n) % colours.length]!);
    const colour = far.find((one) => distanceIn(picture, mask, one) > 50) ?? far[0]!;
    const data = Uint8Array.from(picture.data);
    for (let p = 0; p < mask.data.length; p++)
      if (where === 'everywhere' || mask.data[p] !== 0) data.set(colour, p * 3);
    return { ...picture, data };
  };

function distanceIn(picture: Raster, mask: Mask, colour: Colour): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p < mask.data.length; p++) {
    if (mask.data[p] === 0) continue;
    count++;
    for (let c = 0; c < 3; c++) sum += Math.abs(picture.data[p * 3 + c]! - colour[c]!) / 3;
  }
  return sum / Math.max(1, count);
}

/** Transparent everywhere or in the mask; what lies below is the picture, black or white. */
export const transparent =
  (where: 'everywhere' | 'in the mask'): Spoil =>
  (picture, { mask, next }) => {
    const below = Math.floor(next() * 3);
    const data = new Uint8Array(mask.data.length * 4);
    for (let p = 0; p < mask.data.length; p++) {
      const isGone = where === 'everywhere' || mask.data[p] !== 0;
      for (let c = 0; c < 3; c++)
        data[p * 4 + c] = isGone && below > 0 ? (below - 1) * 255 : picture.data[p * 3 + c]!;
      data[p * 4 + 3] = isGone ? 0 : 255;
    }
    return { ...picture, channels: 4, data };
  };

const flat = (size: Size, colour: Colour): Raster => ({
  width: size.width,
  height: size.height,
  channels: 3,
  data: Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => colour[i % 3]!),
});

function rowsOf(mask: Mask): { first: number; last: number } {
  const first = Math.floor(mask.data.indexOf(255) / mask.width);
  return { first, last: Math.floor(mask.data.lastIndexOf(255) / mask.width) };
}

function mapped(picture: Raster, from: (x: number, y: number) => readonly [number, number]): Raster {
  const { width, height } = picture;
  const data = new Uint8Array(picture.data.length);
  for (let p = 0; p < width * height; p++) {
    const [x, y] = from(p % width, Math.floor(p / width));
    for (let c = 0; c < 3; c++) data[p * 3 + c] = picture.data[(y * width + x) * 3 + c]!;
  }
  return { ...picture, data };
}

/** Inside the mask the second picture, with an edge of some pixels that are mixed. */
export function mixedIn(outside: Raster, inside: Raster, mask: Mask): Raster {
  const data = Uint8Array.from(outside.data);
  for (let p = 0; p < mask.data.length; p++)
    for (let c = 0; c < 3; c++) {
      const [from, to] = [outside.data[p * 3 + c]!, inside.data[p * 3 + c]!];
      data[p * 3 + c] = clamped(from + ((to - from) * mask.data[p]!) / 255);
    }
  return { ...outside, data };
}

/** As models answer: PNG, JPEG of quality 70 to 95, or WebP. */
export async function encoded(answer: Raster, next: () => number): Promise<EncodedImage> {
  const { width, height, channels, data } = answer;
  const picture = sharp(data, { raw: { width, height, channels: channels as 3 | 4 } });
  const draw = next();
  const quality = Math.round(between(next, 70, 95));
  if (channels === 4 || draw < 0.4) {
    return { bytes: await picture.png({ compressionLevel: 1 }).toBuffer(), mediaType: 'image/png' };
  }
  if (draw < 0.85) return { bytes: await picture.jpeg({ quality }).toBuffer(), mediaType: 'image/jpeg' };
  return { bytes: await picture.webp({ quality, effort: 1 }).toBuffer(), mediaType: 'image/webp' };
}
