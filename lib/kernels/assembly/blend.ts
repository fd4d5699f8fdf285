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
  for (let x = from; x < to; x++) {
    const share = load<u8>(opacity + x) as usize;
    if (share === 0) continue;
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
