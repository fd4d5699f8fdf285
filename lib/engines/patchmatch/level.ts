import type { Pointer } from '../../kernels/exports.ts';
import { type KernelUse, useKernels } from '../../kernels/kernels.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 3, or 4: ink or transparency is completed like a colour. Default 3. */
  readonly channels?: 3 | 4;
  /** H x W x C, 8 bit. */
  readonly rgb: Uint8Array;
  /** H x W: above 0 where the picture is to be filled. */
  readonly mask: Uint8Array;
  /** H x W: above 0 where nothing is copied from. */
  readonly avoid?: Uint8Array | undefined;
}

/** One resolution of the picture being completed. */
export interface Level {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** H x W x C, 8 bit: known pixels are the picture's, hole pixels the current estimate. */
  readonly rgb: Uint8Array<ArrayBuffer>;
  /**
   * H x W x 4, 8 bit, two pairs. Texture: mean absolute horizontal and vertical derivative of luma around the
   * pixel, which tells grass from a wall of the same green where coarse colours do not. Place: x and y as
   * fractions of the longer side, 0..255.
   */
  readonly features: Uint8Array;
  /** H x W: 1 where the pixel is to be filled. */
  readonly hole: Uint8Array;
}

/** A level in the memory of the kernels: the order of the fields of `PictureLevel`. */
const fieldsOf = ({ width, height, channels }: Size, rgb: Pointer, features: Pointer, hole: Pointer) =>
  Int32Array.of(width, height, channels, rgb, features, hole);

type Size = Pick<Level, 'width' | 'height' | 'channels'>;

/** The finest level: a copy of the picture, with its own values also in the hole. */
export function finestLevel(picture: Omit<Picture, 'mask' | 'avoid'>, hole: Uint8Array): Level {
  const { width, height, channels = 3, rgb } = picture;
  const size = { width, height, channels };
  const features = useKernels(({ kernels, arena: { put, reserve, take } }) => {
    const written = reserve(4 * width * height);
    kernels.writeFeatures(put(fieldsOf(size, put(rgb), written, put(hole))));
    return take(Uint8Array, written, 4 * width * height);
  });
  return { ...size, rgb: rgb.slice(), features, hole };
}

/**
 * The picture halved (rounded up) by the binomial filter 1 3 3 1 over known pixels only, so that
 * nothing of the hole leaks out: `sum(w * known * v) / sum(w * known)`. A coarse pixel is known when
 * at least half of the weight below it is.
 */
export function halve(fine: Level): Level {
  const { channels } = fine;
  const size = { width: (fine.width + 1) >> 1, height: (fine.height + 1) >> 1, channels };
  const pixels = size.width * size.height;
  return useKernels(({ kernels, arena: { put, reserve, take } }) => {
    const from = put(fieldsOf(fine, put(fine.rgb), put(fine.features), put(fine.hole)));
    const [rgb, features, hole] = [reserve(channels * pixels), reserve(4 * pixels), reserve(pixels)];
    kernels.halveLevel(from, put(fieldsOf(size, rgb, features, hole)));
    return {
      ...size,
      rgb: take(Uint8Array<ArrayBuffer>, rgb, channels * pixels),
      features: take(Uint8Array, features, 4 * pixels),
      hole: take(Uint8Array, hole, pixels),
    };
  });
}

/** Distances in the memory of the kernels. */
interface Distances {
  /** H x W, 32 bit floats. */
  readonly at: Pointer;
  readonly greatest: number;
}

/**
 * Distance of every pixel to the nearest known one, 0 for known pixels, in pixels; the chamfer 1, 1.41.
 *
 * @see Borgefors, "Distance transformations in digital images", CVGIP 1986.
 */
export function distanceToKnown({ kernels, arena }: KernelUse, { hole, width, height }: Shape): Distances {
  const inside = arena.put(hole);
  const padded = arena.reserve(4 * (width + 2) * (height + 2));
  const at = arena.reserve(4 * width * height);
  return { at, greatest: kernels.distanceToKnown(inside, width, height, padded, at) };
}

type Shape = Pick<Level, 'width' | 'height' | 'hole'>;

/** The greatest distance from any pixel to the known picture. */
export const reachOf = (shape: Shape): number => useKernels((use) => distanceToKnown(use, shape).greatest);

/** 1 where a value is above 0. */
export function flagsOf(values: Uint8Array): Uint8Array<ArrayBuffer> {
  const flags = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) if (values[i]! > 0) flags[i] = 1;
  return flags;
}
