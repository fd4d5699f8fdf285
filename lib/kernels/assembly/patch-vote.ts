import { PatchLevel } from './patch-sweep';

/**
 * Writes every hole pixel as the weighted mean of what the patches over it propose:
 * `rgb(p) = sum_c w_c * rgb(nearest(c) + p - c) / sum_c w_c`, rounded to nearest; texture likewise.
 *
 * @see Wexler et al., "Space-time completion of video", PAMI 2007.
 */
export function voteMean(level: PatchLevel): void {
  const width = level.width;
  const radius = level.radius;
  for (let n = 0; n < level.holeCount; n++) {
    const hole = load<i32>(level.holes + (n << 2));
    const y = hole / width;
    const x = hole - y * width;
    const left = max(radius, x - radius);
    const right = min(width - 1 - radius, x + radius);
    const top = max(radius, y - radius);
    const bottom = min(level.height - 1 - radius, y + radius);
    const one = commonShift(level, left, right, top, bottom);
    // A mean of equals is what they are, once it is rounded; but weights near 0 have lost their digits.
    const isMean = one !== none && load<f64>(level.weights + ((top * width + left) << 3)) > 1e-280;
    if (isMean) copyPixel(level, hole + one, hole);
    else storeMean(level, hole, left, right, top, bottom);
  }
}

/** Writes the mean of what the patches around the centres in a box propose for a pixel. */
function storeMean(level: PatchLevel, hole: i32, left: i32, right: i32, top: i32, bottom: i32): void {
  const width = level.width;
  const channels = level.channels;
  let totals = f64x2.splat(0);
  let first = totals;
  let second = totals;
  let texture = totals;
  let offset = none;
  let firstOf = totals;
  let secondOf = totals;
  let textureOf = totals;
  for (let j = top; j <= bottom; j++) {
    for (let centre = j * width + left; centre <= j * width + right; centre++) {
      const shift = load<i32>(level.nearest + (centre << 2)) - centre;
      // Neighbours mostly propose the same pixel.
      if (shift !== offset) {
        offset = shift;
        const colours = widened(level.rgb + (hole + shift) * channels);
        firstOf = f64x2.convert_low_i32x4_s(colours);
        secondOf = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(colours, colours, 2, 3, 0, 1));
        textureOf = f64x2.convert_low_i32x4_s(widened(level.features + ((hole + shift) << 2)));
      }
      const weights = v128.load64_splat(level.weights + (centre << 3));
      totals = f64x2.add(totals, weights);
      first = f64x2.add(first, f64x2.mul(weights, firstOf));
      second = f64x2.add(second, f64x2.mul(weights, secondOf));
      texture = f64x2.add(texture, f64x2.mul(weights, textureOf));
    }
  }
  storeMeans(level.rgb + hole * channels, f64x2.div(first, totals), f64x2.div(second, totals), channels);
  storePair(level.features + (hole << 2), f64x2.div(texture, totals));
}

/** No shift. */
const none: i32 = i32.MIN_VALUE;

/** The shift of all matches in a box, where it is one. Narrow boxes are not looked at. */
function commonShift(level: PatchLevel, left: i32, right: i32, top: i32, bottom: i32): i32 {
  if (right - left < 3) return none;
  const first = top * level.width + left;
  const shift = load<i32>(level.nearest + (first << 2)) - first;
  for (let centre = first; centre <= bottom * level.width + left; centre += level.width) {
    // Four from the left, and four up to the right: they may overlap.
    const last = centre + right - left - 3;
    const start = v128.xor(v128.load(level.nearest + (centre << 2)), fromOn(centre + shift));
    const end = v128.xor(v128.load(level.nearest + (last << 2)), fromOn(last + shift));
    if (v128.any_true(v128.or(start, end))) return none;
  }
  return shift;
}

function fromOn(first: i32): v128 {
  return i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
}

/** Copies the colours and the texture of a pixel. */
export function copyPixel(level: PatchLevel, from: i32, to: i32): void {
  const channels = level.channels;
  for (let c = 0; c < channels; c++) {
    store<u8>(level.rgb + to * channels + c, load<u8>(level.rgb + from * channels + c));
  }
  store<u16>(level.features + (to << 2), load<u16>(level.features + (from << 2)));
}

function storeMeans(at: usize, first: v128, second: v128, channels: i32): void {
  storePair(at, first);
  if (channels === 4) storePair(at + 2, second);
  else store<u8>(at + 2, rounded(f64x2.extract_lane(second, 0)));
}

function storePair(at: usize, values: v128): void {
  store<u8>(at, rounded(f64x2.extract_lane(values, 0)));
  store<u8>(at + 1, rounded(f64x2.extract_lane(values, 1)));
}

/** 0 where no patch counts and the mean is no number. */
function rounded(value: f64): u8 {
  return <u8>(<i32>(value + 0.5));
}

/** Four bytes as four i32. */
export function widened(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/**
 * Writes every hole pixel as the patch with the greatest weight over it proposes, the first of equals in scan
 * order: no mean, no blur. Neighbouring pixels mostly follow the same patch, so whole pieces of the picture
 * are copied. Writes the origins too.
 */
export function voteBest(level: PatchLevel): void {
  const width = level.width;
  const radius = level.radius;
  const bottomMost = level.height - 1 - radius;
  memory.fill(level.origins, 0xff, (<usize>(width * level.height)) << 2);
  for (let n = 0; n < level.holeCount; n++) {
    const hole = load<i32>(level.holes + (n << 2));
    const y = hole / width;
    const x = hole - y * width;
    const left = max(radius, x - radius);
    const right = min(width - 1 - radius, x + radius);
    const bottom = min(bottomMost, y + radius);
    let best = -1;
    let greatest: f64 = -1;
    for (let j = max(radius, y - radius); j <= bottom; j++) {
      let centre = j * width + left;
      for (let i = left; i <= right; i++, centre++) {
        const weight = load<f64>(level.weights + (centre << 3));
        if (weight <= greatest) continue;
        greatest = weight;
        best = centre;
      }
    }
    const origin = load<i32>(level.nearest + (best << 2)) + hole - best;
    store<i32>(level.origins + (hole << 2), origin);
    copyPixel(level, origin, hole);
  }
}

/**
 * The cost that `rank` of all targets do not exceed: `costs.sort()[rank]`.
 *
 * @param counts room for 65,536 u32.
 * @param rank 0 to the number of targets - 1; 0 is returned for others.
 */
export function costOfRank(level: PatchLevel, rank: i32, counts: usize): i32 {
  if (rank >= level.targetCount) return 0;
  const high = digitOfRank(level, rank, counts, -1);
  // What is left of the rank lies in the counts of the lower digit.
  return (high << 16) | digitOfRank(level, rank, counts, high);
}

/** The upper 16 bits of that cost, or the lower ones among the costs whose upper bits are `high`. */
function digitOfRank(level: PatchLevel, rank: i32, counts: usize, high: i32): i32 {
  memory.fill(counts, 0, 65536 * 4);
  let left = rank;
  for (let n = 0; n < level.targetCount; n++) {
    const cost = load<i32>(level.cost + (load<i32>(level.targets + (n << 2)) << 2));
    const upper = cost >> 16;
    if (upper < high) left--;
    if (high >= 0 && upper !== high) continue;
    const at = counts + ((high < 0 ? upper : cost & 0xffff) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  let digit = 0;
  for (; load<i32>(counts + (digit << 2)) <= left; digit++) left -= load<i32>(counts + (digit << 2));
  return digit;
}
