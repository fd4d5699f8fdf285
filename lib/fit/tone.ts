import { useKernels } from '../kernels/kernels.ts';
import { assertSameChannels, assertSameSize, type FloatRaster } from '../pixels/raster.ts';
import { evenSamples, indicesAbove0 } from './robust.ts';

/** `corrected = gain * edited + offset`, one of each per channel; offsets in levels of 8 bit. */
export interface Tone {
  readonly gains: readonly number[];
  readonly offsets: readonly number[];
}

/** Limits of the gain: a model that changed contrast more repainted the picture. */
const minGain = 0.75;
const maxGain = 1.33;
/** Lower bound of the spread that tells outliers, levels: rounding alone leaves this much. */
const minSigma = 0.5;
/** Evenly spaced over the ring; two unknowns for each channel need no more. */
const maxSamples = 8192;
/** Draws the gain to 1 on flat rings: a spread of so many levels moves it half way. */
const gainPriorLevels = 3;

export function identityTone(channels: number): Tone {
  return { gains: new Array<number>(channels).fill(1), offsets: new Array<number>(channels).fill(0) };
}

/**
 * Robust gain and offset of each channel that carry `edited` to `crop` where `weights` is above 0.
 *
 * Iteratively reweighted least squares with Tukey's biweight, so that what the model repainted outside
 * the mask does not count; gains 0.75..1.33, drawn to 1 on flat rings.
 *
 * @param args.crop, args.edited H x W x C, aligned. @param args.weights H x W x 1.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes or channels differ.
 * @see Holland and Welsch, "Robust Regression Using Iteratively Reweighted Least-Squares", 1977.
 */
export function fitTone(args: {
  readonly crop: FloatRaster;
  readonly edited: FloatRaster;
  readonly weights: FloatRaster;
}): Tone {
  const { crop, edited, weights } = args;
  assertSameSize(crop, edited);
  assertSameSize(crop, weights);
  const { channels } = crop;
  assertSameChannels(edited, crop);
  const known = evenSamples(indicesAbove0(weights.data), maxSamples);
  if (known.length === 0) return identityTone(channels);
  const prior = taken(weights, known, 0);
  const lines = Array.from({ length: channels }, (_, c) =>
    fitLine({ x: taken(edited, known, c), y: taken(crop, known, c), prior }),
  );
  return { gains: lines.map(({ gain }) => gain), offsets: lines.map(({ offset }) => offset) };
}

/** One channel at some pixels. */
function taken({ data, channels }: FloatRaster, pixels: Int32Array, channel: number): Float32Array {
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < out.length; i++) out[i] = data[pixels[i]! * channels + channel]!;
  return out;
}

interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly prior: Float32Array;
}

interface Line {
  readonly gain: number;
  readonly offset: number;
}

/** Starts from "the same contrast, brighter": plain least squares would follow outliers. */
function fitLine({ x, y, prior }: Points): Line {
  return useKernels(({ kernels, arena }) => {
    const limits = arena.put(Float64Array.of(minGain, maxGain, minSigma, gainPriorLevels ** 2));
    const scratch = arena.reserve(kernels.robustScratchBytes());
    const [work, result] = [arena.reserve(8 * x.length), arena.reserve(16)];
    kernels.fitLine(
      ...([arena.put(x), arena.put(y), arena.put(prior), x.length] as const),
      ...([work, scratch, limits, result] as const),
    );
    const [gain = 1, offset = 0] = arena.view(Float64Array, result, 2);
    return { gain, offset };
  });
}

/** `gain * value + offset` for every sample; a new raster. */
export function applyTone(raster: FloatRaster, { gains, offsets }: Tone): FloatRaster {
  const { channels, data } = raster;
  const out = new Float32Array(data.length);
  useKernels(({ kernels, arena }) => {
    const [ofGains, ofOffsets] = [arena.put(Float64Array.from(gains)), arena.put(Float64Array.from(offsets))];
    const length = chunkPixels * channels;
    const values = arena.reserve(4 * length);
    for (let k = 0; k < data.length; k += length) {
      const part = data.subarray(k, k + length);
      const view = arena.view(Float32Array, values, part.length);
      view.set(part);
      kernels.scaleChannels(values, part.length / channels, channels, ofGains, ofOffsets);
      out.set(view, k);
    }
  });
  return { ...raster, data: out };
}

/** Pixels in the memory of kernels at once. */
const chunkPixels = 16 * 1024;
