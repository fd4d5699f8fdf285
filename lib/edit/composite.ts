import { compositeOn, type PreparedCrop, prepareCrop } from '../fit/composite.ts';
import { differenceMask } from '../fit/difference-mask.ts';
import { crop as cut } from '../pixels/box.ts';
import { dilate } from '../pixels/mask.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import { firstChannels, isBlank } from '../pixels/raster.ts';
import { contentOf } from '../plan/frame.ts';
import { type FitReport, fitReport, rejectionOf } from './fit.ts';
import type { Repaint } from './plan.ts';

export interface Fitted {
  readonly fit: FitReport;
  /** A sentence when the answer must not be published. */
  readonly rejection: string | undefined;
  /** What may change, at the size of the crop: the region's mask, or the one derived from the answer. */
  readonly mask: Mask;
  /** The part of the crop that changes. */
  readonly patch: { readonly left: number; readonly top: number };
  readonly original: Raster;
  readonly edited: Raster;
}

interface RegionOptions {
  /** The crop in the picture's own space and depth. */
  readonly crop: Raster;
  readonly region: Repaint;
  /** The part of the mask that is written; `undefined`: all of it. */
  readonly writable?: ((mask: Mask) => Mask) | undefined;
}

/** What answers to a region with this mask are compared with. */
export function surroundingsOfRegion({
  crop,
  region: { plan, featherPx },
  writable,
  mask,
  repainted,
  colours,
}: RegionOptions & {
  readonly mask: Mask;
  /** What the model was to repaint, in the frame; `undefined`: the mask, or it chose itself. */
  readonly repainted: Mask | undefined;
  /** Channels of an answer. */
  readonly colours: number;
}): PreparedCrop {
  const written = writable === undefined ? mask : writable(mask);
  return prepareCrop({
    crop,
    mask: written,
    repainted: repainted === undefined ? written : contentOf(repainted, plan),
    colours,
    featherPx,
  });
}

interface FitOptions extends RegionOptions {
  /** The whole answer in the same colours, 8 bit, any size. */
  readonly answer: Raster;
  /** Those of the region's mask; `undefined`: they are made here. */
  readonly surroundings?: PreparedCrop | undefined;
}

/** Registers, harmonises and blends one answer, and says whether it may be used. */
export function fitAnswer(options: FitOptions): Fitted {
  const { crop, answer, region, surroundings } = options;
  const edited = contentOf(answer, region.plan);
  const colours = edited.channels;
  const mask =
    region.mask ?? dilate(differenceMask({ crop: firstChannels(crop, colours), edited }), region.dilationPx);
  const around = surroundings ?? surroundingsOfRegion({ ...options, mask, repainted: undefined, colours });
  const isUnchanged = isBlank(around.mask.data, 0, around.mask.data.length);
  const result = compositeOn(around, edited);
  const { patch, raster } = result;
  const fit = fitReport(result, crop);
  const rejection = isUnchanged
    ? 'Expected the model to change something, got the picture as it was'
    : rejectionOf(fit, crop);
  return { fit, rejection, mask, patch, original: cut(crop, patch), edited: raster };
}
