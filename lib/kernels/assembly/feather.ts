/** `3t^2 - 2t^3` of t clamped to 0..1. */
function smoothstep(t: f64): f64 {
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  return t * t * (3 - 2 * t);
}

/** As JavaScript rounds: adding a half first would round 0.49999999999999994 up. */
function roundedHalfUp(value: f64): f64 {
  const below = Math.floor(value);
  return value - below >= 0.5 ? below + 1 : below;
}

/**
 * One row of the difference-adaptive feather: `min(mask, 255 * max(S(d / wide), S((gap - from) / (to - from))
 * * S(d / tight)))`, rounded half up; deeper than `wide` the mask stays, and where d is 0 too.
 *
 * @param mask `width` bytes, changed in place. @param distance d, `width` floats.
 * @param gaps a row of the map of differences; gap of x is the sum of `taps` of them from `first[x]` on, by
 * `weights`.
 * @param limits wide, tight, from, to: four numbers of 64 bits.
 */
export function featherRow(
  mask: usize,
  distance: usize,
  width: usize,
  gaps: usize,
  first: usize,
  weights: usize,
  taps: usize,
  limits: usize,
): void {
  const wide = load<f64>(limits);
  const tight = load<f64>(limits, 8);
  const from = load<f64>(limits, 16);
  const to = load<f64>(limits, 24);
  for (let x: usize = 0; x < width; x++) {
    const d: f64 = load<f32>(distance + (x << 2));
    if (d >= wide || d === 0) continue;
    let gap: f64 = 0;
    const start = gaps + ((load<i32>(first + (x << 2)) as usize) << 2);
    for (let t: usize = 0; t < taps; t++) {
      gap += (load<f32>(weights + ((x * taps + t) << 2)) as f64) * load<f32>(start + (t << 2));
    }
    const ghost = smoothstep((gap - from) / (to - from)) * smoothstep(d / tight);
    const alpha = max(smoothstep(d / wide), ghost);
    store<u8>(mask + x, min(load<u8>(mask + x), roundedHalfUp(255 * alpha) as u8));
  }
}
