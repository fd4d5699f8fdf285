import { surroundingAlpha, withAlpha, withoutWhite } from '../fit/alpha.ts';
import { carryBack } from '../fit/carry-back.ts';
import { learnColourLoss } from '../fit/colour-loss.ts';
import { crop as cut, sizeOf } from '../pixels/box.ts';
import { firstChannels, type Raster, samplesPerLevel, withChannels } from '../pixels/raster.ts';
import type { FittedAnswer } from './answer.ts';

/** So many known pixels tell what the conversion loses of each colour. */
const maxKnown = 16_384;
/** Multiples of it, less whole numbers, are spread evenly and follow no rows or columns. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

interface CarryOptions {
  /** In sRGB, with the alpha of the picture where not all is opaque. */
  readonly fitted: FittedAnswer;
  /** The whole crop, likewise, and in the picture's own colours. */
  readonly crop: Raster;
  readonly original: Raster;
  /** sRGB to the picture's own colours, less alpha; 8 or 16 bit, as the picture. */
  readonly convert: (srgb: Raster) => Promise<Raster>;
  /** Alpha under the mask continues that around it; else it stays. */
  readonly followsAlpha: boolean;
}

/** Brings an answer that was fitted in sRGB to the picture's own colours and alpha. */
export async function carrySrgbBack(options: CarryOptions): Promise<FittedAnswer> {
  const { fitted } = options;
  const original = cut(options.original, { ...fitted.patch, ...sizeOf(fitted.edited) });
  const isOpaque = options.crop.channels === 3;
  const after = isOpaque || !options.followsAlpha ? fitted.edited : withNewAlpha(options);
  const [seen, edited] = isOpaque ? [fitted.original, after] : [fitted.original, after].map(withoutWhite);
  const known = knownPixels(options);
  const [ownSeen, ownEdited, converted] = await convertedTogether(
    [seen!, edited!, known.srgb],
    options.convert,
  );
  const loss = learnColourLoss({ ...known, converted: converted! });
  const { opacity } = fitted;
  const own = carryBack({
    original,
    seen: seen!,
    edited: edited!,
    ownSeen: ownSeen!,
    ownEdited: ownEdited!,
    opacity,
    loss,
  });
  return { ...fitted, original, edited: isOpaque ? own : withAlphaOf(own, after) };
}

/** Alpha goes over into that of the surroundings as far as the answer shows. */
function withNewAlpha({ fitted, crop }: CarryOptions): Raster {
  const { edited, patch, opacity, mask } = fitted;
  const alpha = surroundingAlpha({
    alpha: withChannels(crop, [3]),
    mask,
    patch: { ...patch, ...sizeOf(edited) },
  });
  const perLevel = samplesPerLevel(edited.data);
  const data = edited.data.slice();
  for (let p = 0; p < opacity.data.length; p++) {
    const before = data[4 * p + 3]!;
    const change = (alpha.data[p]! * perLevel - before) * (opacity.data[p]! / 255);
    data[4 * p + 3] = Math.round(before + change);
  }
  return { ...edited, data };
}

/** Takes the alpha of `source`. Where it became 0, no colour of what was removed is left below it. */
function withAlphaOf(own: Raster, source: Raster): Raster {
  const colours = own.channels - 1;
  const out = withAlpha(firstChannels(own, colours), source);
  for (let p = 0; p < out.width * out.height; p++) {
    const at = p * out.channels;
    const isCleared = out.data[at + colours] === 0 && own.data[at + colours] !== 0;
    if (isCleared) out.data.fill(0, at, at + colours);
  }
  return out;
}

/** Longest row in which pixels of several rasters are converted. */
const rowPixels = 4096;

/** Converts several rasters in one call: for inks the time goes into the tables of each call. */
async function convertedTogether(
  rasters: readonly Raster[],
  convert: CarryOptions['convert'],
): Promise<Raster[]> {
  const { channels, data: like } = rasters[0]!;
  const total = rasters.reduce((sum, { width, height }) => sum + width * height, 0);
  const width = Math.min(rowPixels, total);
  const height = Math.ceil(total / width);
  const data = new (like.constructor as Uint8ArrayConstructor)(width * height * channels);
  let at = 0;
  for (const raster of rasters) {
    data.set(raster.data, at);
    at += raster.data.length;
  }
  const own = await convert({ width, height, channels, data });
  let from = 0;
  return rasters.map((raster) => {
    const to = from + raster.width * raster.height * own.channels;
    const part = { ...raster, channels: own.channels, data: own.data.subarray(from, to) };
    from = to;
    return part;
  });
}

/** Some of the opaque pixels that the mask keeps, in one row: none when there are none. */
function knownPixels({ fitted, crop, original }: CarryOptions): {
  readonly srgb: Raster;
  readonly own: Raster;
} {
  const { data } = fitted.mask;
  const count = Math.min(maxKnown, data.length);
  const pixels: number[] = [];
  for (let n = 0; n < count; n++) {
    const p = count === data.length ? n : Math.floor(((n * goldenRatio) % 1) * data.length);
    if (data[p] === 0 && isSeen(crop, p)) pixels.push(p);
  }
  return { srgb: firstChannels(inOneRow(crop, pixels), 3), own: inOneRow(original, pixels) };
}

/** True for an opaque pixel. */
function isSeen({ channels, data }: Raster, p: number): boolean {
  return channels === 3 || data[p * channels + 3] === 255 * samplesPerLevel(data);
}

function inOneRow({ channels, data }: Raster, pixels: readonly number[]): Raster {
  const out = new (data.constructor as Uint8ArrayConstructor)(pixels.length * channels);
  for (const [n, p] of pixels.entries())
    out.set(data.subarray(p * channels, (p + 1) * channels), n * channels);
  return { width: pixels.length, height: 1, channels, data: out };
}
