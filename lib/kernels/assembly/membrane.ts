// A pyramid of values and their weights, floats of 32 bits. Sums have 64 bits and are rounded where they are
// stored. A level has `width * height` weights, and `channels` values for each.

/** Multiplies the values of `count` pixels by their weights. */
export function premultiply(values: usize, weights: usize, count: usize, channels: usize): void {
  for (let p: usize = 0; p < count; p++) {
    const weight = load<f32>(weights + (p << 2));
    for (let c: usize = 0; c < channels; c++) scale(values + ((p * channels + c) << 2), weight);
  }
}

function scale(at: usize, by: f32): void {
  store<f32>(at, load<f32>(at) * by);
}

/** Divides the values of `count` pixels by their weights; 0 without a weight. */
export function normalise(values: usize, weights: usize, count: usize, channels: usize): void {
  for (let p: usize = 0; p < count; p++) {
    const weight = load<f32>(weights + (p << 2));
    for (let c: usize = 0; c < channels; c++) {
      const at = values + ((p * channels + c) << 2);
      store<f32>(at, weight > 0 ? load<f32>(at) / weight : 0);
    }
  }
}

/** Tent filter [1 3 3 1] / 4 along each axis. It sums to 2, so that weights grow towards 1. */
function tent(place: i32): f64 {
  return place === 0 || place === 3 ? 0.25 : 0.75;
}

/**
 * Sums a level at half its size, rounded up; where weights sum to more than 1 they become 1, and values their
 * mean.
 *
 * @param values, @param weights of the fine level, premultiplied. @param coarse, @param coarseWeights receive
 * the coarse one.
 */
export function pull(
  values: usize,
  weights: usize,
  width: i32,
  height: i32,
  channels: i32,
  coarse: usize,
  coarseWeights: usize,
): void {
  const across = (width + 1) >> 1;
  const down = (height + 1) >> 1;
  memory.fill(coarse, 0, across * down * channels * 4);
  memory.fill(coarseWeights, 0, across * down * 4);
  for (let o: i32 = 0; o < across * down; o++) {
    const left = 2 * (o % across) - 1;
    const top = 2 * (o / across) - 1;
    const sum = coarse + ((o * channels) << 2);
    const total = coarseWeights + (o << 2);
    for (let n: i32 = 0; n < 16; n++) {
      const x = left + (n & 3);
      const y = top + (n >> 2);
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      const p = y * width + x;
      add(
        values + ((p * channels) << 2),
        weights + (p << 2),
        tent(n & 3) * tent(n >> 2),
        channels,
        sum,
        total,
      );
    }
    limit(sum, total, channels);
  }
}

function add(values: usize, weight: usize, factor: f64, channels: i32, sum: usize, total: usize): void {
  const own = load<f32>(weight) as f64;
  if (own === 0) return;
  store<f32>(total, ((load<f32>(total) as f64) + factor * own) as f32);
  for (let k: i32 = 0; k < channels << 2; k += 4) {
    store<f32>(sum + k, ((load<f32>(sum + k) as f64) + factor * load<f32>(values + k)) as f32);
  }
}

function limit(sum: usize, total: usize, channels: i32): void {
  const weight = load<f32>(total);
  if (weight <= 1) return;
  store<f32>(total, 1);
  for (let k: i32 = 0; k < channels << 2; k += 4) store<f32>(sum + k, load<f32>(sum + k) / weight);
}

/** The neighbour on the other side of the middle of a coarse pixel, inside the level. */
function beside(near: i32, at: i32, last: i32): i32 {
  return min(max(near + ((at & 1) === 0 ? -1 : 1), 0), last);
}

/**
 * `own + (1 - weight) * bilinear(below)`, in place of the values of a level.
 *
 * @param values premultiplied. @param below the values of the level of half the size.
 */
export function push(
  values: usize,
  weights: usize,
  width: i32,
  height: i32,
  channels: i32,
  below: usize,
): void {
  const across = (width + 1) >> 1;
  const down = (height + 1) >> 1;
  const pixelBytes = channels << 2;
  for (let y: i32 = 0; y < height; y++) {
    const near = y >> 1;
    const nearRow = below + near * across * pixelBytes;
    const farRow = below + beside(near, y, down - 1) * across * pixelBytes;
    for (let x: i32 = 0; x < width; x++) {
      const missing = 1 - (load<f32>(weights + ((y * width + x) << 2)) as f64);
      if (missing <= 0) continue;
      const nearX = (x >> 1) * pixelBytes;
      const farX = beside(x >> 1, x, across - 1) * pixelBytes;
      let at = values + (y * width + x) * pixelBytes;
      for (let k: i32 = 0; k < pixelBytes; k += 4, at += 4) {
        const upper = mixed(nearRow + k, nearX, farX);
        const lower = mixed(farRow + k, nearX, farX);
        store<f32>(at, ((load<f32>(at) as f64) + missing * (0.75 * upper + 0.25 * lower)) as f32);
      }
    }
  }
}

function mixed(row: usize, near: i32, far: i32): f64 {
  return 0.75 * (load<f32>(row + near) as f64) + 0.25 * (load<f32>(row + far) as f64);
}
