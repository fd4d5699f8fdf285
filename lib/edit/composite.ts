import { boundingBox, crop as cut } from '../image/box.ts';
import { composite } from '../image/composite.ts';
import { differenceMask } from '../image/difference-mask.ts';
import { dilate } from '../image/dilate.ts';
import { contentOf } from '../image/frame-picture.ts';
import type { Mask, Raster } from '../image/raster.ts';
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

interface FitOptions {
  /** The crop in the picture's own space and depth. */
  readonly crop: Raster;
  /** The whole answer in the same colours, 8 bit, any size. */
  readonly answer: Raster;
  readonly region: Repaint;
  /** What the model was to repaint, in the frame; `undefined` when it chose itself. */
  readonly repainted: Mask | undefined;
  /** The part of the mask that is written; `undefined`: all of it. */
  readonly writable?: ((mask: Mask) => Mask) | undefined;
}

/** Registers, harmonises and blends one answer, and says whether it may be used. */
export function fitAnswer({ crop, answer, region, repainted, writable }: FitOptions): Fitted {
  const { plan, featherPx, dilationPx } = region;
  const edited = contentOf(answer, plan);
  const mask =
    region.mask ?? dilate(differenceMask({ crop: colours(crop, edited.channels), edited }), dilationPx);
  const written = writable === undefined ? mask : writable(mask);
  const isUnchanged = boundingBox(written) === undefined;
  const result = composite({
    crop,
    edited,
    mask: written,
    ...(repainted === undefined ? {} : { repainted: contentOf(repainted, plan) }),
    featherPx,
  });
  const { patch, raster } = result;
  const fit = fitReport(result, crop);
  const rejection = isUnchanged
    ? 'Expected the model to change something, got the picture as it was'
    : rejectionOf(fit, crop);
  return { fit, rejection, mask, patch, original: cut(crop, patch), edited: raster };
}

/** The first `channels` channels: without the alpha, of which a model knows nothing. */
function colours(raster: Raster, channels: number): Raster {
  if (raster.channels === channels) return raster;
  return { ...raster, channels, data: raster.data.filter((_, i) => i % raster.channels < channels) };
}
