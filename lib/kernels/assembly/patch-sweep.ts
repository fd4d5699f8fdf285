/**
 * One level of a picture that is being completed from its own patches, in memory. Its fields stand in the
 * order in which lib/engines/patchmatch/memory.ts writes them.
 */
@unmanaged
export class PatchLevel {
  width: i32;
  height: i32;
  /** 3 or 4. */
  channels: i32;
  /** Patches are 2 radius + 1 pixels wide: 0 to 3. */
  radius: i32;
  /** H x W x C, 8 bit. */
  rgb: usize;
  /** H x W x 4, 8 bit: horizontal and vertical texture, place across and down. */
  features: usize;
  /** H x W, 8 bit: 1 at the centre of a patch without any hole pixel. */
  isSource: usize;
  /**
   * H x W, i32: centre of the source patch of a target, -1 elsewhere. Before and behind it lies a row of
   * values far below 0.
   */
  nearest: usize;
  /** H x W, i32: distance of a target to its source patch. */
  cost: usize;
  /** H x W, f64: what the patch around a target counts. */
  weights: usize;
  /** H x W, i32: the pixel that each hole pixel was copied from, -1 elsewhere. */
  origins: usize;
  /** Hole pixels in scan order, i32. */
  holes: usize;
  holeCount: i32;
  /** Centres of patches that contain a hole pixel in scan order, i32. */
  targets: usize;
  targetCount: i32;
  /** Room for the windows of a search: eight times four sides, and their inverses, i32. */
  windows: usize;
}

/** What the state of the generator of random numbers grows by. */
const randomStep: i32 = 0x6d2b79f5;
const randomSteps = i32x4(randomStep, 2 * randomStep, 3 * randomStep, 4 * randomStep);
/** What each neighbour with the same offset is worth, as a squared difference: about two levels of noise. */
const coherenceFloor: f64 = 400;
/** The same as a share of the patch distance, since rough texture never matches closely. */
const coherenceShare: f64 = 0.05;

/**
 * Squared difference of two patches of one level, over colour and, at the centre, texture and place:
 * `sum |A - B|^2 + 12 |T_a - T_b|^2 + place`. Stops early and returns a value of `limit` or more once the sum
 * reaches it.
 *
 * @param a centre of one patch, index of a pixel at least `radius` away from the borders.
 * @param b centre of the other.
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, for the texture term.
 */
export function patchDistance(level: PatchLevel, a: i32, b: i32, limit: i32): i32 {
  return distanceBelow(level, a, b, limit, tailOf(level));
}

/** All bits of the samples in the last eight of a row, none of those behind the row. */
function tailOf(level: PatchLevel): v128 {
  const samples = (2 * level.radius + 1) * level.channels;
  const rest = ((samples - 1) & 7) + 1;
  return i16x8.lt_s(i16x8(0, 1, 2, 3, 4, 5, 6, 7), i16x8.splat(<i16>rest));
}

function distanceBelow(level: PatchLevel, a: i32, b: i32, limit: i32, tail: v128): i32 {
  const sum = centreDistance(centreOf(level, a), centreOf(level, b));
  if (sum >= limit) return sum;
  const radius = level.radius;
  const channels = level.channels;
  const rowBytes = <usize>(level.width * channels);
  const corner = radius * level.width + radius;
  const samples = (2 * radius + 1) * channels;
  let i = level.rgb + (a - corner) * channels;
  let j = level.rgb + (b - corner) * channels;
  let sums = i32x4.replace_lane(i32x4.splat(0), 0, sum);
  for (let row = -radius; row <= radius; row++) {
    // Adding up the lanes takes as long as half a row.
    if (row & 1) {
      const total = totalOf(sums);
      if (total >= limit) return total;
    }
    sums = i32x4.add(sums, rowDistance(i, j, samples, tail));
    i += rowBytes;
    j += rowBytes;
  }
  return totalOf(sums);
}

/** Up to four sums of squared differences over one row, eight samples at a time. */
function rowDistance(i: usize, j: usize, samples: i32, tail: v128): v128 {
  let sums = i32x4.splat(0);
  for (let left = samples; left > 8; left -= 8) {
    const step = i16x8.sub(v128.load_ext<u8>(i), v128.load_ext<u8>(j));
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(step, step));
    i += 8;
    j += 8;
  }
  const last = v128.and(i16x8.sub(v128.load_ext<u8>(i), v128.load_ext<u8>(j)), tail);
  return i32x4.add(sums, i32x4.dot_i16x8_s(last, last));
}

export function totalOf(sums: v128): i32 {
  const pairs = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}

/** Texture and place of a pixel, twice four i16. */
export function centreOf(level: PatchLevel, place: i32): v128 {
  return i16x8.extend_low_i8x16_u(v128.load32_splat(level.features + (place << 2)));
}

/**
 * Texture and place: nearer sources are better, above all those at the same height. The place is
 * `0.6 across^2 + 5 up^2`, rounded down.
 */
function centreDistance(a: v128, b: v128): i32 {
  const parts = centreParts(a, b);
  return (i32x4.extract_lane(parts, 0) + i32x4.extract_lane(parts, 1)) / 5;
}

/** Five times that distance of two pairs of pixels, each in two parts. */
export function centreParts(a: v128, b: v128): v128 {
  const step = i16x8.sub(a, b);
  return i32x4.dot_i16x8_s(step, i16x8.mul(step, i16x8(60, 60, 3, 25, 60, 60, 3, 25)));
}

/**
 * One pass of PatchMatch over the targets. Each target tries the shifted matches of its left and upper
 * neighbours (right and lower when going backwards), then random places around its match, in windows that
 * halve from `reach` to 1. A match is better with a smaller `distance - gain * (neighbours with the same
 * offset)`: without the second term a smooth surface is copied from its smoothest spots over and over, and
 * its grain turns into streaks.
 *
 * @param reach half the side of the widest window, pixels.
 * @param apart no match is nearer than this, squared pixels; 0 where all may be.
 * @param costsHold true when neither picture nor matches changed since the costs were written.
 * @param seed state of the generator of random numbers.
 * @returns its state after this pass.
 * @see Barnes et al., "PatchMatch: a randomized correspondence algorithm for structural image editing",
 *   SIGGRAPH 2009.
 */
export function sweepPatches(
  level: PatchLevel,
  isBackwards: bool,
  reach: i32,
  apart: i32,
  costsHold: bool,
  seed: i32,
): i32 {
  const tail = tailOf(level);
  const count = level.targetCount;
  writeWindows(level.windows, reach);
  const windowCount = 32 - clz(reach);
  let state = seed;
  for (let n = 0; n < count; n++) {
    const target = load<i32>(level.targets + ((isBackwards ? count - 1 - n : n) << 2));
    const at = target << 2;
    if (!costsHold) {
      const source = load<i32>(level.nearest + at);
      store<i32>(level.cost + at, distanceBelow(level, target, source, i32.MAX_VALUE, tail));
    }
    improveMatch(level, target, isBackwards ? -1 : 1, windowCount, apart, state, tail);
    state += windowCount * randomStep;
  }
  return state;
}

/** Writes the sides of windows that halve, and the 16 bit inverses of the sides, rounded up. */
function writeWindows(windows: usize, reach: i32): void {
  for (let n = 0; n < 32; n++) {
    const side = 2 * (reach >> n) + 1;
    const at = windows + ((n >> 2) << 5) + ((n & 3) << 2);
    store<i32>(at, side);
    store<i32>(at, 65536 / side + 1, 16);
  }
}

function improveMatch(
  level: PatchLevel,
  target: i32,
  step: i32,
  windowCount: i32,
  apart: i32,
  seed: i32,
  tail: v128,
): void {
  const nearest = level.nearest;
  const gain = coherenceFloor + coherenceShare * <f64>load<i32>(level.cost + (target << 2));
  tryMatch(level, target, shiftedMatch(nearest, target, step), gain, apart, tail);
  tryMatch(level, target, shiftedMatch(nearest, target, step * level.width), gain, apart, tail);
  for (let tried = 0; tried < windowCount; ) {
    tried = tryWindows(level, target, tried, windowCount, gain, apart, seed, tail);
  }
}

/** Tries random places around a match until one is better. @returns in how many windows. */
function tryWindows(
  level: PatchLevel,
  target: i32,
  tried: i32,
  windowCount: i32,
  gain: f64,
  apart: i32,
  seed: i32,
  tail: v128,
): i32 {
  const best = load<i32>(level.nearest + (target << 2));
  // Neighbours that agree with this match agree with no other.
  const agrees = 4 - 2 * agreement(level.nearest, target, best, level.width);
  const limit = limitOf(level, target, gain, agrees);
  if (limit <= 0) return windowCount;
  const y = best / level.width;
  const x = best - y * level.width;
  const own = centreOf(level, target);
  let left = 15 << (tried & 3);
  for (let first = tried & -4; first < windowCount; first += 4) {
    const sources = placesNear(level, x, y, first, seed);
    left &= alike(level, own, sources, limit);
    if (windowCount - first < 4) left &= (1 << (windowCount - first)) - 1;
    for (; left !== 0; left &= left - 1) {
      const lane = ctz(left);
      const source = i32x4.extract_lane(
        i8x16.swizzle(sources, i32x4.splat(0x03020100 + 0x04040404 * lane)),
        0,
      );
      if (tryMatch(level, target, source, gain, apart, tail)) return first + lane + 1;
    }
    left = 15;
  }
  return windowCount;
}

/** Matches a target with another source where that is better. @returns true then. */
function tryMatch(level: PatchLevel, target: i32, source: i32, gain: f64, apart: i32, tail: v128): bool {
  const nearest = level.nearest;
  const width = level.width;
  const best = load<i32>(nearest + (target << 2));
  if (source === best || !isSource(level, source)) return false;
  if (apart > 0 && isNearer(target, source, width, apart)) return false;
  const agrees = agreement(nearest, target, source, width) - agreement(nearest, target, best, width);
  const limit = limitOf(level, target, gain, agrees);
  const distance = distanceBelow(level, target, source, limit, tail);
  if (distance >= limit) return false;
  store<i32>(nearest + (target << 2), source);
  store<i32>(level.cost + (target << 2), distance);
  return true;
}

/** What the distance of a better match is below. @param agrees with so many neighbours more. */
function limitOf(level: PatchLevel, target: i32, gain: f64, agrees: i32): i32 {
  return <i32>Math.ceil(<f64>load<i32>(level.cost + (target << 2)) + gain * <f64>agrees);
}

/** Where the match of a neighbour points from here, below 0 where it has none. */
function shiftedMatch(nearest: usize, target: i32, shift: i32): i32 {
  const match = load<i32>(nearest + ((target - shift) << 2));
  return match < 0 ? -1 : match + shift;
}

/** Random centres of patches around a pixel, in the windows from `first` on. */
function placesNear(level: PatchLevel, x: i32, y: i32, first: i32, seed: i32): v128 {
  const radius = level.radius;
  const windows = level.windows + (first << 3);
  const sides = v128.load(windows);
  const inverses = v128.load(windows, 16);
  const reaches = i32x4.shr_u(sides, 1);
  const bits = mixed(i32x4.add(i32x4.splat(seed + first * randomStep), randomSteps));
  const right = remainders(v128.and(bits, i32x4.splat(0xffff)), sides, inverses);
  const down = remainders(i32x4.shr_u(bits, 16), sides, inverses);
  const columns = i32x4.add(i32x4.sub(i32x4.splat(x), reaches), right);
  const rows = i32x4.add(i32x4.sub(i32x4.splat(y), reaches), down);
  return i32x4.add(
    i32x4.mul(clamped(rows, radius, level.height - 1 - radius), i32x4.splat(level.width)),
    clamped(columns, radius, level.width - 1 - radius),
  );
}

/** What is left of values of 16 bits after their division. */
function remainders(values: v128, divisors: v128, inverses: v128): v128 {
  const quotients = i32x4.shr_u(i32x4.mul(values, inverses), 16);
  const rest = i32x4.sub(values, i32x4.mul(quotients, divisors));
  // An inverse that is rounded up may give one too many.
  return i32x4.add(rest, v128.and(divisors, i32x4.shr_s(rest, 31)));
}

function clamped(values: v128, least: i32, greatest: i32): v128 {
  return i32x4.max_s(i32x4.min_s(values, i32x4.splat(greatest)), i32x4.splat(least));
}

/** Which of four places differ from a centre by less than the limit, a bit each. */
function alike(level: PatchLevel, centre: v128, places: v128, limit: i32): i32 {
  const features = level.features;
  let others = v128.load32_zero(features + (i32x4.extract_lane(places, 0) << 2));
  others = v128.load32_lane(features + (i32x4.extract_lane(places, 1) << 2), others, 1);
  others = v128.load32_lane(features + (i32x4.extract_lane(places, 2) << 2), others, 2);
  others = v128.load32_lane(features + (i32x4.extract_lane(places, 3) << 2), others, 3);
  const low = centreParts(centre, i16x8.extend_low_i8x16_u(others));
  const high = centreParts(centre, i16x8.extend_high_i8x16_u(others));
  return i32x4.bitmask(i32x4.lt_s(pairSums(low, high), i32x4.splat(5 * limit)));
}

/** The sums of two neighbours each. */
export function pairSums(low: v128, high: v128): v128 {
  const even = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  return i32x4.add(even, v128.shuffle<i32>(low, high, 1, 3, 5, 7));
}

function isSource(level: PatchLevel, place: i32): bool {
  return <u32>place < <u32>(level.width * level.height) && load<u8>(level.isSource + place) !== 0;
}

function isNearer(a: i32, b: i32, width: i32, apart: i32): bool {
  const up = b / width - a / width;
  const across = b - a - up * width;
  return across * across + up * up < apart;
}

/** Four random numbers, @see seededRandom in lib/engines/patchmatch/field.ts, whose numbers these are. */
function mixed(states: v128): v128 {
  const one = i32x4.splat(1);
  let bits = i32x4.mul(v128.xor(states, i32x4.shr_u(states, 15)), v128.or(states, one));
  const more = i32x4.mul(v128.xor(bits, i32x4.shr_u(bits, 7)), v128.or(bits, i32x4.splat(61)));
  bits = v128.xor(i32x4.add(bits, more), bits);
  return v128.xor(bits, i32x4.shr_u(bits, 14));
}

/** How many of the four neighbours copy with the same offset. */
function agreement(nearest: usize, target: i32, source: i32, width: i32): i32 {
  const at = nearest + (target << 2);
  const row = (<usize>width) << 2;
  return (
    i32(load<i32>(at - 4) + 1 === source) +
    i32(load<i32>(at + 4) - 1 === source) +
    i32(load<i32>(at - row) + width === source) +
    i32(load<i32>(at + row) - width === source)
  );
}
