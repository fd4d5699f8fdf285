import { widened } from './patch-vote';

/** Weights of luma, in 256ths; inks, or colours with alpha, count alike. */
const redWeight: i32 = 77;
const greenWeight: i32 = 150;
const blueWeight: i32 = 29;
const weightOfFour: i32 = 64;
/** Derivatives are stored at this multiple: averages of small integers would round low contrast away. */
const textureGain: i32 = 4;

/** A picture, in the order in which lib/engines/patchmatch/level.ts writes it. */
@unmanaged
export class PictureLevel {
  width: i32;
  height: i32;
  /** 3 or 4. */
  channels: i32;
  /** H x W x C, 8 bit. */
  rgb: usize;
  /** H x W x 4, 8 bit. */
  features: usize;
  /** H x W, 8 bit: 1 where the pixel is to be filled. */
  hole: usize;
}

/**
 * Writes what a level knows of each pixel beside its colour. Texture: absolute forward differences of luma,
 * where both pixels are known. Place: x and y as fractions of the longer side, 0 to 255.
 */
export function writeFeatures(level: PictureLevel): void {
  const width = level.width;
  const height = level.height;
  const channels = level.channels;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const here = lumaAt(level.rgb + i * channels, channels);
      const toRight = x + 1 < width && !load<u8>(level.hole + i + 1) ? 1 : 0;
      const toLower = y + 1 < height && !load<u8>(level.hole + i + width) ? width : 0;
      const at = level.features + (i << 2);
      store<u8>(at, textureOf(lumaAt(level.rgb + (i + toRight) * channels, channels) - here));
      store<u8>(at + 1, textureOf(lumaAt(level.rgb + (i + toLower) * channels, channels) - here));
      writePlace(at, x, y, max(width, height));
    }
  }
}

function lumaAt(at: usize, channels: i32): i32 {
  const first = <i32>load<u8>(at);
  const second = <i32>load<u8>(at + 1);
  const third = <i32>load<u8>(at + 2);
  if (channels === 3) return (first * redWeight + second * greenWeight + third * blueWeight) >> 8;
  return ((first + second + third + <i32>load<u8>(at + 3)) * weightOfFour) >> 8;
}

function textureOf(step: i32): u8 {
  return <u8>min(255, textureGain * abs(step));
}

function writePlace(at: usize, x: i32, y: i32, longerSide: i32): void {
  const scale = 255 / <f64>longerSide;
  store<u8>(at + 2, <u8>(<f64>x * scale));
  store<u8>(at + 3, <u8>(<f64>y * scale));
}

/**
 * Halves a level (rounded up) by the binomial filter 1 3 3 1 over known pixels only, so that nothing of the
 * hole leaks out: `sum(w * known * v) / sum(w * known)`, rounded to nearest. A coarse pixel is known when at
 * least half of the weight below it is.
 *
 * @param coarse is written, all but its size.
 */
export function halveLevel(fine: PictureLevel, coarse: PictureLevel): void {
  const longerSide = max(coarse.width, coarse.height);
  for (let y = 0, i = 0; y < coarse.height; y++) {
    for (let x = 0; x < coarse.width; x++, i++) {
      const at = coarse.features + (i << 2);
      writePlace(at, x, y, longerSide);
      halvePixel(fine, coarse, 2 * x, 2 * y, i);
    }
  }
}

/** Sums up the known pixels among the 4 x 4 around the 2 x 2 block at (left, top). */
function halvePixel(fine: PictureLevel, coarse: PictureLevel, left: i32, top: i32, to: i32): void {
  const channels = fine.channels;
  let known = 0;
  let total = 0;
  let colours = i32x4.splat(0);
  let textures = i32x4.splat(0);
  const right = min(fine.width - 1, left + 2);
  const bottom = min(fine.height - 1, top + 2);
  for (let y = max(0, top - 1); y <= bottom; y++) {
    for (let x = max(0, left - 1); x <= right; x++) {
      const weight = binomial(x - left) * binomial(y - top);
      const at = y * fine.width + x;
      total += weight;
      if (load<u8>(fine.hole + at)) continue;
      known += weight;
      const weights = i32x4.splat(weight);
      colours = i32x4.add(colours, i32x4.mul(weights, widened(fine.rgb + at * channels)));
      textures = i32x4.add(textures, i32x4.mul(weights, widened(fine.features + (at << 2))));
    }
  }
  store<u8>(coarse.hole + to, <u8>i32(2 * known < total));
  storeMeans(coarse.rgb + to * channels, colours, known, channels);
  storeMeans(coarse.features + (to << 2), textures, known, 2);
}

/** The first 2, 3 or 4 sums over a count, rounded to nearest, halves up; 0 where the count is. */
function storeMeans(at: usize, sums: v128, count: i32, channels: i32): void {
  store<u8>(at, meanOf(i32x4.extract_lane(sums, 0), count));
  store<u8>(at + 1, meanOf(i32x4.extract_lane(sums, 1), count));
  if (channels > 2) store<u8>(at + 2, meanOf(i32x4.extract_lane(sums, 2), count));
  if (channels > 3) store<u8>(at + 3, meanOf(i32x4.extract_lane(sums, 3), count));
}

function meanOf(sum: i32, count: i32): u8 {
  return count === 0 ? 0 : <u8>((2 * sum + count) / (2 * count));
}

/** 1 3 3 1 at the offsets -1 to 2. */
function binomial(offset: i32): i32 {
  return offset === 0 || offset === 1 ? 3 : 1;
}

/**
 * Marks the centres of the patches that lie wholly inside the picture: those with a hole pixel, and those with
 * neither such a pixel nor one to avoid.
 *
 * @param hole H x W, 8 bit: 1 inside.
 * @param avoid H x W, 8 bit: 1 where nothing is copied from.
 * @param flags room for two times H x W bytes.
 * @param isTarget H x W, 8 bit, written.
 * @param isSource H x W, 8 bit, written.
 */
export function markPatches(
  hole: usize,
  avoid: usize,
  width: i32,
  height: i32,
  radius: i32,
  flags: usize,
  isTarget: usize,
  isSource: usize,
): void {
  const count = width * height;
  const rows = flags + count;
  memory.fill(isTarget, 0, count);
  memory.fill(isSource, 0, count);
  for (let i = 0; i < count; i++) store<u8>(flags + i, load<u8>(hole + i) | (load<u8>(avoid + i) << 1));
  spread(flags, rows, radius, count - radius, 1, radius);
  spread(rows, flags, radius * width, count - radius * width, width, radius);
  for (let y = radius; y < height - radius; y++) {
    const row = y * width;
    for (let i = row + radius; i < row + width - radius; i++) {
      const found = load<u8>(flags + i);
      store<u8>(isTarget + i, found & 1);
      store<u8>(isSource + i, u8(found === 0));
    }
  }
}

/** Writes all bits that lie up to `radius` steps before and behind each place. Past the last it writes anything. */
function spread(from: usize, to: usize, first: i32, end: i32, step: i32, radius: i32): void {
  for (let i = first; i < end; i += 16) {
    let bits = v128.load(from + i);
    for (let n = 1; n <= radius; n++) {
      const away = <usize>(n * step);
      bits = v128.or(bits, v128.or(v128.load(from + i - away), v128.load(from + i + away)));
    }
    v128.store(to + i, bits);
  }
}

/** Lists the places of flags that are set, i32 each. @returns how many there are. */
export function listPlaces(flags: usize, count: i32, places: usize): i32 {
  let found = places;
  for (let i = 0; i < count; i++) {
    store<i32>(found, i);
    found += <usize>load<u8>(flags + i) << 2;
  }
  return <i32>((found - places) >> 2);
}

/**
 * Distance of every pixel to the nearest known one, 0 for known pixels, in pixels; the chamfer 1, 1.41.
 *
 * @param hole H x W, 8 bit: 1 inside.
 * @param padded room for H + 2 rows of W + 2 f32: the border of far pixels spares tests for the edges.
 * @param distances H x W, f32, written.
 * @returns the greatest of them.
 * @see Borgefors, "Distance transformations in digital images", CVGIP 1986.
 */
export function distanceToKnown(hole: usize, width: i32, height: i32, padded: usize, distances: usize): f32 {
  const count = width * height;
  memory.fill(distances, 0, (<usize>count) << 2);
  let first = 0;
  let last = count - 1;
  while (first < count && !load<u8>(hole + first)) first++;
  if (first === count) return 0;
  while (!load<u8>(hole + last)) last--;
  // Rows without hole pixels are needed only beside those with some.
  const top = max(0, first / width - 1);
  const bottom = min(height, last / width + 2);
  const from = top * width;
  const far = <f32>(width + 2 + height);
  spreadDistances(hole + from, width, bottom - top, padded, far);
  return copyDistances(padded, width, bottom - top, distances + (from << 2));
}

function spreadDistances(hole: usize, width: i32, height: i32, padded: usize, far: f32): void {
  const stride = width + 2;
  const cells = stride * (height + 2);
  for (let i = 0; i < cells; i++) store<f32>(padded + (i << 2), far);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, at = padded + (((y + 1) * stride + 1) << 2); x < width; x++, i++, at += 4) {
      if (!load<u8>(hole + i)) store<f32>(at, 0);
    }
  }
  const row = (<usize>stride) << 2;
  const first = padded + row + 4;
  const end = padded + ((cells - stride - 1) << 2);
  for (let at = first; at < end; at += 4) store<f32>(at, nearer(at, at - 4, at - row, far));
  for (let at = end - 4; at >= first; at -= 4) store<f32>(at, nearer(at, at + 4, at + row, far));
}

/** Leaves the padding out. @returns the greatest distance. */
function copyDistances(padded: usize, width: i32, height: i32, distances: usize): f32 {
  let greatest: f32 = 0;
  for (let y = 0, to = distances; y < height; y++) {
    let from = padded + (((y + 1) * (width + 2) + 1) << 2);
    for (let x = 0; x < width; x++, from += 4, to += 4) {
      const distance = load<f32>(from);
      greatest = max(greatest, distance);
      store<f32>(to, distance);
    }
  }
  return greatest;
}

function nearer(at: usize, beside: usize, row: usize, far: f32): f32 {
  const held = load<f32>(at);
  if (held === 0) return 0;
  const straight = <f64>min(load<f32>(beside), load<f32>(row)) + 1;
  const slanted = <f64>min(load<f32>(row - 4), load<f32>(row + 4)) + Math.SQRT2;
  return <f32>min(<f64>min(held, far), min(straight, slanted));
}
