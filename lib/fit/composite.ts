import type { Box, Mask, Raster } from '../pixels/raster.ts';
import { resample, resizeTo, wholeWindow } from '../pixels/resample.ts';
import { alignedWindow } from './alignment.ts';
import { blend } from './blend.ts';
import { adaptiveFeather, defaultFeatherPx } from './feather.ts';
import { type Harmony, harmoniseOn } from './harmonise.ts';
import { type Registration, registerOn } from './register.ts';
import { type Scores, scoreComposite } from './score.ts';
import { type Surroundings, surroundingsOf } from './surroundings.ts';

export interface Composite {
  /** The patch: channels and depth of the crop. */
  readonly raster: Raster;
  /** Where the patch lies in the crop; it holds every pixel of the mask. Of an empty mask it is a corner. */
  readonly patch: Box;
  /** What was blended: size of the patch. Everything changed lies where it is above 0. */
  readonly alpha: Mask;
  readonly registration: Registration;
  readonly harmony: Harmony;
  readonly scores: Scores;
}

/**
 * Puts a model's answer into the crop it was made for: register, harmonise, feather, blend.
 *
 * @param args.crop H x W x C, the image's own space and depth. @param args.edited any size, the same space,
 * C or fewer (colour only) channels, 8 or 16 bit. @param args.mask H x W x 1, the effective mask.
 * @param args.repainted of the crop, any size: what the model was asked to repaint, at least the mask. Default: the mask.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 */
export function composite(args: {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
  readonly repainted?: Mask;
  readonly featherPx?: number;
}): Composite {
  const { crop, edited, mask, repainted = mask, featherPx = defaultFeatherPx } = args;
  const surroundings = surroundingsOf({ crop, mask, repainted, featherPx, colours: edited.channels });
  return compositeOn(surroundings, edited);
}

/** `composite` with everything that is the same for every answer made before. */
export function compositeOn(surroundings: Surroundings, edited: Raster): Composite {
  const { crop, mask, patch, patchMask, distance, featherPx, size, small } = surroundings;
  const registration = registerOn(surroundings.levels, resizeTo(edited, size));
  const { alignment } = registration;
  const window = alignedWindow({ edited, crop: size, patch: wholeWindow(size), alignment });
  const aligned = resample({ source: edited, window, size, kernel: 'cubic' });
  const harmony = harmoniseOn(surroundings.ring, aligned);
  const { difference } = harmony;
  const alpha = adaptiveFeather({ mask: patchMask, distance, featherPx, difference, crop, patch });
  const raster = blend({ crop, edited, patch, alpha, alignment, harmony });
  const scores = scoreComposite({
    crop,
    edited,
    mask,
    patch,
    distance,
    blended: raster,
    registration,
    harmony,
    small,
    ring: surroundings.ring.ring,
  });
  return { raster, patch, alpha, registration, harmony, scores };
}
