import { EditError } from '../errors.ts';

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

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of whole pixels; right and bottom edges are exclusive. */
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

/** @throws {EditError} `SHAPE_MISMATCH` when two rasters differ in width or height. */
export function assertSameSize(a: Size, b: Size): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new EditError(
      'SHAPE_MISMATCH',
      `Expected the same size, got ${a.width} x ${a.height} and ${b.width} x ${b.height}`,
    );
  }
}
