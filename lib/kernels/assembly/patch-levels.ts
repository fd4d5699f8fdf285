import { pairSums } from './patch-sweep';

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
  const scale = placeScale(level);
  for (let y = 0, i = 0; y < height; y++) {
    let luma = lumaAt(level, i);
    for (let x = 0; x < width; x++, i++) {
      const here = luma;
      const hasRight = x + 1 < width;
      if (hasRight) luma = lumaAt(level, i + 1);
      const right = hasRight && !load<u8>(level.hole + i + 1) ? luma : here;
      const lower = y + 1 < height && !load<u8>(level.hole + i + width) ? lumaAt(level, i + width) : here;
      const at = level.features + (i << 2);
      store<u8>(at, textureOf(right - here));
      store<u8>(at + 1, textureOf(lower - here));
      writePlace(at, x, y, scale);
    }
  }
}

function lumaAt(level: PictureLevel, place: i32): i32 {
  const channels = level.channels;
  const at = level.rgb + place * channels;
  const first = <i32>load<u8>(at);
  const second = <i32>load<u8>(at + 1);
  const third = <i32>load<u8>(at + 2);
  if (channels === 3) return (first * redWeight + second * greenWeight + third * blueWeight) >> 8;
  return ((first + second + third + <i32>load<u8>(at + 3)) * weightOfFour) >> 8;
}

function textureOf(step: i32): u8 {
  return <u8>min(255, textureGain * abs(step));
}

function placeScale(level: PictureLevel): f64 {
  return 255 / <f64>max(level.width, level.height);
}

function writePlace(at: usize, x: i32, y: i32, scale: f64): void {
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
  const scale = placeScale(coarse);
  for (let y = 0, i = 0; y < coarse.height; y++) {
    for (let x = 0; x < coarse.width; x++, i++) {
      const at = coarse.features + (i << 2);
      writePlace(at, x, y, scale);
      halvePixel(fine, coarse, 2 * x, 2 * y, i);
    }
  }
}

/** Sums up the known pixels among the 4 x 4 around the 2 x 2 block at (left, top). */
function halvePixel(fine: PictureLevel, coarse: PictureLevel, left: i32, top: i32, to: i32): void {
  const channels = fine.channels;
  const width = fine.width;
  // Four bytes of each channel instead of all channels of each pixel.
  const byChannel = channels === 3 ? channelsOfThree : channelsOfFour;
  const place = i16x8(-1, 0, 1, 2, -1, 0, 1, 2);
  const isInside = v128.and(
    i16x8.ge_s(place, i16x8.splat(<i16>-left)),
    i16x8.lt_s(place, i16x8.splat(<i16>(width - left))),
  );
  const across = v128.and(i16x8(1, 3, 3, 1, 1, 3, 3, 1), isInside);
  let all = i16x8.splat(0);
  let known = all;
  let first = all;
  let second = all;
  let textures = all;
  const bottom = min(fine.height - 1, top + 2);
  for (let y = max(0, top - 1); y <= bottom; y++) {
    const at = y * width + left - 1;
    const weights = i16x8.mul(across, i16x8.splat(y === top || y === top + 1 ? 3 : 1));
    const holes = i16x8.extend_low_i8x16_u(v128.load32_splat(fine.hole + at));
    const counted = v128.and(weights, i16x8.eq(holes, i16x8.splat(0)));
    all = i16x8.add(all, weights);
    known = i16x8.add(known, counted);
    const colours = i8x16.swizzle(v128.load(fine.rgb + at * channels), byChannel);
    first = i32x4.add(first, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(colours), counted));
    second = i32x4.add(second, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(colours), counted));
    const features = i8x16.swizzle(v128.load(fine.features + (at << 2)), channelsOfFour);
    textures = i32x4.add(textures, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(features), counted));
  }
  // Both halves of these are equal.
  const counts = pairSums(i32x4.extadd_pairwise_i16x8_s(known), i32x4.extadd_pairwise_i16x8_s(all));
  const count = i32x4.extract_lane(counts, 0);
  store<u8>(coarse.hole + to, <u8>i32(2 * count < i32x4.extract_lane(counts, 2)));
  storeMeans(coarse.rgb + to * channels, pairSums(first, second), count, channels);
  storeMeans(coarse.features + (to << 2), pairSums(textures, textures), count, 2);
}

const channelsOfThree = i8x16(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 16, 16, 16, 16);
const channelsOfFour = i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);

/** The first 2, 3 or 4 sums over a count, rounded to nearest, halves up; 0 where the count is. */
function storeMeans(at: usize, sums: v128, count: i32, channels: i32): void {
  store<u8>(at, meanOf(i32x4.extract_lane(sums, 0), count));
  store<u8>(at + 1, meanOf(i32x4.extract_lane(sums, 1), count));
  if (channels > 2) store<u8>(at + 2, meanOf(i32x4.extract_lane(sums, 2), count));
  if (channels > 3) store<u8>(at + 3, meanOf(i32x4.extract_lane(sums, 3), count));
}

function meanOf(sum: i32, count: i32): u8 {
  if (count === 64) return <u8>((sum + 32) >> 6);
  return count === 0 ? 0 : <u8>((2 * sum + count) / (2 * count));
}

/**
 * Marks the centres of the patches that lie wholly inside the picture: those with a hole pixel, and those
 * with neither such a pixel nor one to avoid.
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

/** Writes all bits up to `radius` steps before and behind each place, and anything past the last place. */
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
    found += (<usize>load<u8>(flags + i)) << 2;
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
