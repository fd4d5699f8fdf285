import { boundingBox, crop as cut, grow } from '../pixels/box.ts';
import { firstChannels } from '../pixels/channels.ts';
import { coverMask } from '../pixels/cover-mask.ts';
import type { FloatRaster } from '../pixels/float-raster.ts';
import { assertSameSize, type Box, type Mask, type Raster, type Size } from '../pixels/raster.ts';
import { fitSize, resizeTo } from '../pixels/resample.ts';
import { featherDistance } from './feather.ts';
import { type KnownRing, knownRing } from './harmonise.ts';
import { type RingLevel, ringLevels } from './register.ts';

/** What an answer is compared with and blended into, all of it known before there is one. */
export interface Surroundings {
  readonly crop: Raster;
  /** The effective mask, size of the crop. */
  readonly mask: Mask;
  /** Holds the mask and one kept pixel around it, so that distances to the edge are right. */
  readonly patch: Box;
  /** The mask in the patch, and its `featherDistance`. */
  readonly patchMask: Mask;
  readonly distance: Float32Array;
  readonly featherPx: number;
  /** At most 512 px: registration and light need no more. */
  readonly size: Size;
  /** The crop's colours at that size. */
  readonly small: FloatRaster;
  readonly levels: readonly (RingLevel | undefined)[];
  readonly ring: KnownRing;
}

const workingSidePx = 512;

/**
 * The part of compositing that needs no answer: made while the model works, and once for all its candidates.
 *
 * @param args.crop H x W x C, the image's own space and depth. @param args.mask H x W x 1, the effective mask.
 * @param args.colours channels of an answer: C, or less the alpha. @param args.repainted of the crop, any size: what the model
 * was asked to repaint, at least the mask. The ring that both pictures are compared on lies outside of it.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 */
export function surroundingsOf(args: {
  readonly crop: Raster;
  readonly mask: Mask;
  readonly repainted: Mask;
  readonly colours: number;
  readonly featherPx: number;
}): Surroundings {
  const { crop, mask, repainted, colours, featherPx } = args;
  assertSameSize(crop, mask);
  const size = fitSize(crop, workingSidePx);
  const whole = resizeTo(crop, size);
  const small = firstChannels(whole, colours);
  const covered = withHidden(coverMask(repainted, size), whole, colours);
  const patch = grow(boundingBox(mask) ?? { left: 0, top: 0, width: 1, height: 1 }, 1, crop);
  const patchMask = cut(mask, patch);
  const distance = featherDistance(patchMask, featherPx);
  const [levels, ring] = [ringLevels(small, covered), knownRing(small, covered)];
  return { crop, mask, patch, patchMask, distance, featherPx, size, small, levels, ring };
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
