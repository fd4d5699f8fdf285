import { EditError } from '../errors.ts';
import { useKernels } from '../kernels/kernels.ts';

/** Decoded pixels, row by row, channels interleaved: `data[(y * width + x) * channels + c]`. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA or CMYK: the raster does not know, its owner does. */
  readonly channels: number;
  /** 8 bit samples are a `Uint8Array` (0..255), 16 bit samples a `Uint16Array` (0..65535). */
  readonly data: Uint8Array | Uint16Array;
}

/** One channel, 8 bit: 0 keeps the original, 255 replaces it, between the two is blended. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  readonly data: Uint8Array;
}

/**
 * Pixels between two steps of the arithmetic: H x W x C, row by row, in *levels of 8 bit* (0..255; fractions
 * and overshoot allowed), whatever the depth of the picture they came from.
 */
export interface FloatRaster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A rectangle; right and bottom edges are exclusive. Whole pixels, unless a function says that it takes
 * continuous ones: there pixel `i` covers `i` to `i + 1`, and a box may lie partly outside its raster.
 */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/** @throws {EditError} `SHAPE_MISMATCH` when the data does not hold width x height x channels samples. */
export function assertShape(raster: Raster): void {
  const { width, height, channels, data } = raster;
  const expected = width * height * channels;
  if (data.length !== expected) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected ${width} x ${height} x ${channels} = ${expected} samples, got ${data.length}`,
    );
  }
}

/** @throws {EditError} `SHAPE_MISMATCH` when `raster` has not as many channels as `wanted`. */
export function assertSameChannels(raster: Raster | FloatRaster, wanted: Raster | FloatRaster): void {
  if (raster.channels === wanted.channels) return;
  throw new EditError('SHAPE_MISMATCH', `Expected ${wanted.channels} channels, got ${raster.channels}`);
}

/** @throws {EditError} `SHAPE_MISMATCH` when two rasters differ in width or height. */
export function assertSameSize(a: Size, b: Size): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected the same size, got ${a.width} x ${a.height} and ${b.width} x ${b.height}`,
    );
  }
}

export function emptyFloatRaster(width: number, height: number, channels: number): FloatRaster {
  return { width, height, channels, data: new Float32Array(width * height * channels) };
}

/** A mask that keeps everything. */
export function emptyMask({ width, height }: Size): Mask {
  return { width, height, channels: 1, data: new Uint8Array(width * height) };
}

/** Sample values per 8-bit level: 1, or 257 at 16 bit, so that 255 levels are exactly 65535. */
export function samplesPerLevel(data: Raster['data'] | FloatRaster['data']): number {
  return data instanceof Uint16Array ? 257 : 1;
}

/**
 * Samples of a mask, 0 to `most`, at 8 bit, rounded. In files of 16 bit that hold nothing above 255 the
 * values are labels, and stay as they are.
 */
export function eightBit(data: Uint8Array | Uint16Array, most: number): Uint8Array {
  if (most === 255 && data instanceof Uint8Array) return data;
  const isLabels = most > 255 && data.every((value) => value <= 255);
  const factor = isLabels ? 1 : 255 / most;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = Math.min(255, Math.round(data[i]! * factor));
  return out;
}

/** Only the first `count` channels, such as colours without alpha; the raster itself if it has no more. */
export function firstChannels<T extends Raster | FloatRaster>(raster: T, count: number): T {
  return raster.channels === count ? raster : withChannels(raster, [...Array(count).keys()]);
}

/** Picks channels of a raster, into new memory. */
export function withChannels<T extends Raster | FloatRaster>(raster: T, picks: readonly number[]): T {
  const { width, height, channels, data } = raster;
  const count = picks.length;
  const out = emptyLike(data, width * height * count);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < count; c++) out[i * count + c] = data[i * channels + picks[c]!]!;
  }
  return { ...raster, channels: count, data: out };
}

/** Samples of the same type, all 0; never a `Buffer`, which sharp returns and whose `slice()` is a view. */
export function emptyLike(data: Raster['data'] | FloatRaster['data'], length: number) {
  if (data instanceof Float32Array) return new Float32Array(length);
  return data instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
}

// Rec. 709; applied to coded values this is luma, not luminance: enough to match edges by.
const lumaWeights = [0.2126, 0.7152, 0.0722] as const;

/** H x W x C -> H x W x 1: Rec. 709 luma of three channels, the plain mean of any other number. */
export function luma(raster: FloatRaster): FloatRaster {
  const { width, height, channels, data } = raster;
  if (channels === 1) return raster;
  const weights = channels === 3 ? lumaWeights : new Array<number>(channels).fill(1 / channels);
  const out = emptyFloatRaster(width, height, 1);
  useKernels(({ kernels, arena }) => {
    const shares = arena.put(Float64Array.from(weights));
    const [pixels, sums] = [arena.reserve(4 * chunkPixels * channels), arena.reserve(4 * chunkPixels)];
    for (let p = 0; p < out.data.length; p += chunkPixels) {
      const part = data.subarray(p * channels, (p + chunkPixels) * channels);
      arena.view(Float32Array, pixels, part.length).set(part);
      kernels.addChannels(pixels, part.length / channels, channels, shares, sums);
      out.data.set(arena.view(Float32Array, sums, part.length / channels), p);
    }
  });
  return out;
}

/** Pixels in the memory of kernels at once. */
const chunkPixels = 16 * 1024;

/** Grows on demand; comparing with it is native. */
let zeros = new Uint8Array(1 << 14);

/** True when every sample of `data[from, to)` is 0. Native: much faster than a loop over 24 MP. */
export function isBlank(data: Uint8Array | Uint16Array, from: number, to: number): boolean {
  if (data[from] !== 0 || data[to - 1] !== 0) return from === to;
  const bytes =
    data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const start = from * data.BYTES_PER_ELEMENT;
  const end = to * data.BYTES_PER_ELEMENT;
  if (zeros.length < end - start) zeros = new Uint8Array(2 * (end - start));
  // Called on any bytes: a new view for each row would cost more than the comparison.
  return Buffer.prototype.compare.call(bytes, zeros, 0, end - start, start, end) === 0;
}
