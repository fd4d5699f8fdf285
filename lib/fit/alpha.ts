import { coverMask } from '../pixels/mask.ts';
import {
  type Box,
  emptyFloatRaster,
  type FloatRaster,
  type Mask,
  type Raster,
  samplesPerLevel,
} from '../pixels/raster.ts';
import { fitSize, resample, resizeTo } from '../pixels/resample.ts';
import { spread } from './membrane.ts';
import { workingSidePx } from './register.ts';

/** Up to this mean of `4 a (1 - a)` a picture is either opaque or transparent, but for soft edges. */
const maxSoftness = 0.1;
/** Makes the edge of the spread alpha so many times steeper in such a picture. */
const steepness = 8;

/**
 * Continues the alpha around a mask into it: a membrane through the known alpha, with a steep edge where the
 * picture has only opaque and transparent parts.
 *
 * @param args.alpha H x W x 1. @param args.mask the same size, above 0 = unknown. @param args.patch the part
 * to make. @returns the patch in levels, 0..255.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ.
 */
export function surroundingAlpha(args: {
  readonly alpha: Raster;
  readonly mask: Mask;
  readonly patch: Box;
}): FloatRaster {
  const { alpha, mask, patch } = args;
  const size = fitSize(alpha, workingSidePx);
  const small = resizeTo(alpha, size);
  const unknown = coverMask(mask, size);
  const known = emptyFloatRaster(size.width, size.height, 1);
  known.data.set(unknown.data.map((value) => (value === 0 ? 1 : 0)));
  const [x, y] = [size.width / alpha.width, size.height / alpha.height];
  const window = {
    left: patch.left * x,
    top: patch.top * y,
    width: patch.width * x,
    height: patch.height * y,
  };
  const whole = resample({ source: spread(small, known), window, size: patch, kernel: 'area' });
  const factor = softness(small, known) <= maxSoftness ? steepness : 1;
  const data = whole.data.map((level) => Math.max(0, Math.min(255, (level - 127.5) * factor + 127.5)));
  return { ...whole, data };
}

/** Mean of `4 a (1 - a)` over the known pixels. */
function softness(alpha: FloatRaster, known: FloatRaster): number {
  let [sum, count] = [0, 0];
  for (let p = 0; p < known.data.length; p++) {
    if (known.data[p] === 0) continue;
    const a = alpha.data[p]! / 255;
    sum += 4 * a * (1 - a);
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** H x W x C -> H x W x (C + 1): appends the alpha, which is the last channel of `source`. */
export function withAlpha(colours: Raster, source: Raster): Raster {
  const { width, height, channels, data } = colours;
  const out = new (source.data.constructor as Uint8ArrayConstructor)(width * height * (channels + 1));
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < channels; c++) out[p * (channels + 1) + c] = data[p * channels + c]!;
    out[p * (channels + 1) + channels] = source.data[(p + 1) * source.channels - 1]!;
  }
  return { width, height, channels: channels + 1, data: out };
}

/**
 * The colours of a picture that is seen on white: `c = (seen - white * (1 - a)) / a`; 0 where a is 0.
 *
 * @param seen H x W x (C + 1), alpha last. @returns H x W x C.
 */
export function withoutWhite(seen: Raster): Raster {
  const { width, height, channels } = seen;
  const colours = channels - 1;
  const white = 255 * samplesPerLevel(seen.data);
  const data = new (seen.data.constructor as Uint8ArrayConstructor)(width * height * colours);
  for (let p = 0; p < width * height; p++) {
    const alpha = seen.data[p * channels + colours]!;
    if (alpha === 0) continue;
    for (let c = 0; c < colours; c++) {
      const value = white - ((white - seen.data[p * channels + c]!) * white) / alpha;
      data[p * colours + c] = Math.max(0, Math.round(value));
    }
  }
  return { width, height, channels: colours, data };
}
