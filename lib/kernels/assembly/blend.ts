/**
 * Blends one row of an answer over the original, in numbers of 64 bits:
 * `original + ((gain * answer + offset + light) * perLevel - original) * weight`, rounded half up and
 * clamped; what is wanted, in parentheses, is rounded to a float before.
 *
 * @param original pixels `from` to `to` (exclusive) of a row, of `sampleBytes` 1 or 2; receives the blend.
 * @param opacity a byte for each pixel of the row; where it is 0 nothing changes. @param weights a number of
 * 64 bits for each opacity.
 * @param answer, @param light floats, levels, `colours` (1 to 4) for each pixel; the original has `channels`.
 * Behind all three rows is room for three more.
 * @param tone four gains and four offsets of 64 bits, for each colour one.
 */
export function blendRow(
  original: usize,
  opacity: usize,
  weights: usize,
  answer: usize,
  light: usize,
  tone: usize,
  from: usize,
  to: usize,
  colours: usize,
  channels: usize,
  sampleBytes: usize,
): void {
  if (sampleBytes === 1) {
    blendPixels<u8>(original, opacity, weights, answer, light, tone, from, to, colours, channels, 1);
  } else blendPixels<u16>(original, opacity, weights, answer, light, tone, from, to, colours, channels, 257);
}

/** Up to four samples as whole numbers of 32 bits. */
function wholes<T>(at: usize): v128 {
  const numbers = sizeof<T>() === 1 ? v128.extend_low<u8>(v128.load_zero<u32>(at)) : v128.load_zero<u64>(at);
  return v128.extend_low<u16>(numbers);
}

/** The upper two of four numbers of 32 bits, as the lower two. */
function upper(four: v128): v128 {
  return v128.shuffle<u64>(four, four, 1, 0);
}

/** `gain * answer + offset + light` of two colours, rounded to floats. */
function corrected(tone: usize, answer: v128, light: v128): v128 {
  const scaled = f64x2.mul(v128.load(tone), f64x2.promote_low_f32x4(answer));
  const sum = f64x2.add(f64x2.add(scaled, v128.load(tone, 32)), f64x2.promote_low_f32x4(light));
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(sum));
}

/** Mixes two samples, and rounds half up. */
function mixed(wanted: v128, original: v128, weight: v128, perLevel: f64): v128 {
  const before = f64x2.convert_low_i32x4_u(original);
  const gap = f64x2.sub(f64x2.mul(wanted, f64x2.splat(perLevel)), before);
  const sum = f64x2.add(f64x2.add(before, f64x2.mul(gap, weight)), f64x2.splat(0.5));
  const clamped = f64x2.max(f64x2.splat(0), f64x2.min(f64x2.splat(255 * perLevel), sum));
  return i32x4.trunc_sat_f64x2_u_zero(clamped);
}

/** Four opaque samples, rounded half up: what is below is exact in 32 bits, and so is what is above it. */
function opaque(low: v128, high: v128): v128 {
  const wanted = v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  const clamped = f32x4.max(f32x4.splat(0), f32x4.min(f32x4.splat(255), wanted));
  const below = f32x4.floor(clamped);
  const isUp = f32x4.ge(f32x4.sub(clamped, below), f32x4.splat(0.5));
  return i32x4.sub(i32x4.trunc_sat_f32x4_s(below), isUp);
}

/** Pairs of neighbouring samples of three colours begin with the first, the third, and the second. */
function pairOf(three: usize, n: i32): v128 {
  if (n === 0) return v128.load(three);
  if (n === 2) return v128.load(three, 8);
  return v128.shuffle<f64>(v128.load(three, 16), v128.load(three), 0, 2);
}

/** Writes four opaque pixels of three colours of 8 bit: nothing of the original is left. */
function replaceFour(original: usize, answer: usize, light: usize, tone: usize): void {
  const a = v128.load(answer);
  const b = v128.load(answer, 16);
  const c = v128.load(answer, 32);
  const d = v128.load(light);
  const e = v128.load(light, 16);
  const f = v128.load(light, 32);
  const first = opaque(summed(tone, 0, a, d), summed(tone, 1, upper(a), upper(d)));
  const second = opaque(summed(tone, 2, b, e), summed(tone, 0, upper(b), upper(e)));
  const third = opaque(summed(tone, 1, c, f), summed(tone, 2, upper(c), upper(f)));
  const words = i16x8.narrow_i32x4_s(first, second);
  const bytes = i8x16.narrow_i16x8_u(words, i16x8.narrow_i32x4_s(third, third));
  v128.store64_lane(original, bytes, 0);
  v128.store32_lane(original, bytes, 2, 8);
}

/** `gain * answer + offset + light` of a pair of samples, of 64 bits. */
function summed(tone: usize, n: i32, answer: v128, light: v128): v128 {
  const scaled = f64x2.mul(pairOf(tone, n), f64x2.promote_low_f32x4(answer));
  return f64x2.add(f64x2.add(scaled, pairOf(tone + 32, n)), f64x2.promote_low_f32x4(light));
}

function blendPixels<T>(
  original: usize,
  opacity: usize,
  weights: usize,
  answer: usize,
  light: usize,
  tone: usize,
  from: usize,
  to: usize,
  colours: usize,
  channels: usize,
  perLevel: f64,
): void {
  const isRgb = colours === 3 && channels === 3 && sizeof<T>() === 1;
  for (let x = from; x < to; x++) {
    const share = load<u8>(opacity + x) as usize;
    if (share === 0) continue;
    if (isRgb && x + 4 <= to && load<u32>(opacity + x) === 0xffffffff) {
      replaceFour(original + 3 * x, answer + 12 * x, light + 12 * x, tone);
      x += 3;
      continue;
    }
    const weight = v128.load_splat<u64>(weights + (share << 3));
    const at = original + x * channels * sizeof<T>();
    const before = wholes<T>(at);
    const own = v128.load(answer + ((x * colours) << 2));
    const shade = v128.load(light + ((x * colours) << 2));
    const low = mixed(corrected(tone, own, shade), before, weight, perLevel);
    store<T>(at, v128.extract_lane<u32>(low, 0) as T);
    if (colours === 1) continue;
    store<T>(at + sizeof<T>(), v128.extract_lane<u32>(low, 1) as T);
    if (colours === 2) continue;
    const high = mixed(corrected(tone + 16, upper(own), upper(shade)), upper(before), weight, perLevel);
    store<T>(at + 2 * sizeof<T>(), v128.extract_lane<u32>(high, 0) as T);
    if (colours === 4) store<T>(at + 3 * sizeof<T>(), v128.extract_lane<u32>(high, 1) as T);
  }
}
