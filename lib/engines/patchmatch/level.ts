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

/** Weights of luma, in 256ths; inks, or colours with alpha, count alike. */
const lumaOfRgb = [77, 150, 29, 0] as const;
const meanOfFour = [64, 64, 64, 64] as const;
/** Derivatives are stored at this multiple: averages of small integers would round low contrast away. */
const textureGain = 4;

/** The finest level: a copy of the picture, with its own values also in the hole. */
export function finestLevel(picture: Omit<Picture, 'mask' | 'avoid'>, hole: Uint8Array): Level {
  const { width, height, channels = 3, rgb } = picture;
  const features = featuresOf({ width, height, channels, rgb, hole });
  return { width, height, channels, rgb: rgb.slice(), features, hole };
}

/**
 * The picture halved (rounded up) by the binomial filter 1 3 3 1 over known pixels only, so that
 * nothing of the hole leaks out: `sum(w * known * v) / sum(w * known)`. A coarse pixel is known when
 * at least half of the weight below it is.
 */
export function halve(fine: Level): Level {
  const { channels } = fine;
  const width = (fine.width + 1) >> 1;
  const height = (fine.height + 1) >> 1;
  const rgb = new Uint8Array(width * height * channels);
  const features = new Uint8Array(width * height * 4);
  const hole = new Uint8Array(width * height);
  const sums = new Float64Array(channels + 2);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const { known, total } = gatherKnown(fine, 2 * x, 2 * y, sums);
      hole[i] = 2 * known < total ? 1 : 0;
      writePlace(features, i, width, height);
      if (known === 0) continue;
      for (let c = 0; c < channels; c++) rgb[channels * i + c] = Math.round(sums[c]! / known);
      for (let c = 0; c < 2; c++) features[4 * i + c] = Math.round(sums[channels + c]! / known);
    }
  }
  return { width, height, channels, rgb, features, hole };
}

const binomial: readonly number[] = [1, 3, 3, 1];

/** Sums the weighted values of the known pixels among the 4 x 4 around the 2 x 2 block at (left, top). */
function gatherKnown(fine: Level, left: number, top: number, sums: Float64Array) {
  const { width, height, hole } = fine;
  const right = Math.min(width - 1, left + 2);
  const bottom = Math.min(height - 1, top + 2);
  sums.fill(0);
  let known = 0;
  let total = 0;
  for (let y = Math.max(0, top - 1); y <= bottom; y++) {
    for (let x = Math.max(0, left - 1); x <= right; x++) {
      const weight = binomial[x - left + 1]! * binomial[y - top + 1]!;
      const at = y * width + x;
      total += weight;
      if (hole[at]) continue;
      known += weight;
      addWeighted(fine, at, weight, sums);
    }
  }
  return { known, total };
}

function addWeighted(
  { channels, rgb, features }: Level,
  at: number,
  weight: number,
  sums: Float64Array,
): void {
  for (let c = 0; c < channels; c++) sums[c]! += weight * rgb[channels * at + c]!;
  for (let c = 0; c < 2; c++) sums[channels + c]! += weight * features[4 * at + c]!;
}

/** Absolute forward differences of luma, where both pixels are known, and the place. */
function featuresOf(
  level: Pick<Level, 'width' | 'height' | 'channels' | 'hole'> & { readonly rgb: Uint8Array },
) {
  const { width, height, channels, rgb, hole } = level;
  const [r, g, b, a] = channels === 3 ? lumaOfRgb : meanOfFour;
  const luma = (i: number) => {
    const k = channels * i;
    return (rgb[k]! * r + rgb[k + 1]! * g + rgb[k + 2]! * b + (a === 0 ? 0 : rgb[k + 3]! * a)) >> 8;
  };
  const features = new Uint8Array(width * height * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = x + 1 < width && !hole[i + 1] ? i + 1 : i;
      const below = y + 1 < height && !hole[i + width] ? i + width : i;
      features[4 * i] = Math.min(255, textureGain * Math.abs(luma(right) - luma(i)));
      features[4 * i + 1] = Math.min(255, textureGain * Math.abs(luma(below) - luma(i)));
      writePlace(features, i, width, height);
    }
  }
  return features;
}

function writePlace(features: Uint8Array, pixel: number, width: number, height: number): void {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const scale = 255 / Math.max(width, height);
  features[4 * pixel + 2] = x * scale;
  features[4 * pixel + 3] = y * scale;
}

/**
 * Distance of every pixel to the nearest known one, 0 for known pixels, in pixels; the chamfer 1, 1.41.
 *
 * @param hole H x W: 1 inside.
 * @see Borgefors, "Distance transformations in digital images", CVGIP 1986.
 */
export function distanceToKnown(hole: Uint8Array, width: number, height: number): Float32Array {
  // A border of far pixels: the two passes need not test for the edges of the picture.
  const stride = width + 2;
  const far = stride + height;
  const padded = new Float32Array(stride * (height + 2)).fill(far);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (!hole[i]) padded[(y + 1) * stride + x + 1] = 0;
  }
  for (let i = stride + 1; i < padded.length - stride - 1; i++) nearer(padded, i, -1, -stride, far);
  for (let i = padded.length - stride - 2; i > stride; i--) nearer(padded, i, 1, stride, far);
  const distance = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (y + 1) * stride + 1;
    distance.set(padded.subarray(start, start + width), y * width);
  }
  return distance;
}

function nearer(distance: Float32Array, i: number, beside: number, row: number, far: number): void {
  const held = distance[i]!;
  if (held === 0) return;
  const straight = Math.min(distance[i + beside]!, distance[i + row]!) + 1;
  const slanted = Math.min(distance[i + row - 1]!, distance[i + row + 1]!) + Math.SQRT2;
  distance[i] = Math.min(held, straight, slanted, far);
}
