/**
 * Blends one row of an answer over the original, in numbers of 64 bits:
 * `original + ((gain * answer + offset + light) * perLevel - original) * weight`, rounded half up and clamped; what is
 * wanted, in parentheses, is rounded to a float before.
 *
 * @param original pixels `from` to `to` (exclusive) of a row, of `sampleBytes` 1 or 2; receives the blend.
 * @param opacity a byte for each pixel of the row; where it is 0 nothing changes. @param weights a number of 64 bits for
 * each opacity.
 * @param answer, @param light floats, levels, `colours` for each pixel; the original has `channels`. Behind all three
 * rows is room for one more.
 * @param tone a gain and an offset of 64 bits for each colour.
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
  const most = 255 * perLevel;
  for (let x = from; x < to; x++) {
    const share = load<u8>(opacity + x) as usize;
    if (share === 0) continue;
    const weight = load<f64>(weights + (share << 3));
    let at = original + x * channels * sizeof<T>();
    let k = (x * colours) << 2;
    for (let own = tone; own < tone + (colours << 4); own += 16) {
      const corrected = load<f64>(own) * load<f32>(answer + k) + load<f64>(own, 8) + load<f32>(light + k);
      const before = load<T>(at) as f64;
      const mixed = before + ((corrected as f32 as f64) * perLevel - before) * weight;
      store<T>(at, max<f64>(0, min<f64>(most, mixed + 0.5)) as T);
      at += sizeof<T>();
      k += 4;
    }
  }
}
