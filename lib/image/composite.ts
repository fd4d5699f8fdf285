import { alignedWindow } from './alignment.ts';
import { type Blended, blend } from './blend.ts';
import { boundingBox, crop as cut, grow } from './box.ts';
import { coverMask } from './cover-mask.ts';
import { adaptiveFeather, defaultFeatherPx } from './feather.ts';
import type { FloatRaster } from './float-raster.ts';
import { type Harmony, harmonise } from './harmonise.ts';
import { assertSameSize, type Box, type Mask, type Raster } from './raster.ts';
import { type Registration, register } from './register.ts';
import { fitSize, resample, resizeTo, wholeWindow } from './resample.ts';
import { type Scores, scoreComposite } from './score.ts';
import { applyTone } from './tone.ts';

export interface Composite extends Blended {
  /** Where the patch lies in the crop; it holds every pixel of the mask. `undefined` for an empty mask. */
  readonly patch: Box;
  /** What was blended: size of the patch. Everything changed lies where it is above 0. */
  readonly alpha: Mask;
  readonly registration: Registration;
  readonly harmony: Harmony;
  readonly scores: Scores;
}

/** Registration and light need no more resolution than this; the answer itself is taken in full. */
const workingSidePx = 512;

/**
 * Puts a model's answer into the crop it was made for: register, harmonise, feather, blend.
 *
 * @param args.crop H x W x C, the image's own space and depth. @param args.edited any size, the same space,
 * C or fewer (colour only) channels, 8 or 16 bit. @param args.mask H x W x 1, the effective mask.
 * @param args.repainted of the crop, any size: what the model was asked to repaint, at least the mask. The ring that
 * both pictures are compared on lies outside of it. Default: the mask.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together, or the mask is empty.
 */
export function composite(args: {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
  readonly repainted?: Mask;
  readonly featherPx?: number;
}): Composite {
  const { crop, edited, mask, repainted = mask, featherPx = defaultFeatherPx } = args;
  assertSameSize(crop, mask);
  const size = fitSize(crop, workingSidePx);
  const whole = resizeTo(crop, size);
  const small = colours(whole, edited.channels);
  const covered = withHidden(coverMask(repainted, size), whole, edited.channels);
  const registration = register({ crop: small, edited: resizeTo(edited, size), mask: covered });
  const { alignment } = registration;
  const window = alignedWindow({ edited, crop: size, patch: wholeWindow(size), alignment });
  const aligned = resample({ source: edited, window, size, kernel: 'cubic' });
  const harmony = harmonise({ crop: small, edited: aligned, mask: covered });
  // One kept pixel around it, so that distances to the edge are right.
  const patch = grow(boundingBox(mask) ?? wholeWindow({ width: 1, height: 1 }), 1, crop);
  const alpha = adaptiveFeather({
    mask: cut(mask, patch),
    featherPx,
    difference: harmony.difference,
    crop,
    patch,
  });
  const blended = blend({ crop, edited, patch, alpha, alignment, harmony });
  const scores = scoreComposite({
    crop,
    edited,
    mask,
    patch,
    blended: blended.raster,
    registration,
    harmony,
    small,
    aligned: applyTone(aligned, harmony.tone),
    covered,
  });
  return { ...blended, patch, alpha, registration, harmony, scores };
}

/** The first `channels` channels: without the alpha a model knows nothing of. */
function colours(raster: FloatRaster, channels: number): FloatRaster {
  if (raster.channels === channels) return raster;
  const data = raster.data.filter((_, i) => i % raster.channels < channels);
  return { ...raster, channels, data };
}

/** Above this a pixel is opaque; what lies under less was never shown to a model. */
const opaqueLevel = 254;

/** Also sets what cannot be compared: pixels that are not opaque, when there is a channel beyond the colours. */
function withHidden(mask: Mask, { channels, data: levels }: FloatRaster, colourChannels: number): Mask {
  if (channels === colourChannels) return mask;
  const data = mask.data.map((value, p) =>
    levels[p * channels + colourChannels]! < opaqueLevel ? 255 : value,
  );
  return { ...mask, data };
}
