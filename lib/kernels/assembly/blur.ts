// Numbers are of 32 bits in memory and of 64 bits in sums, and are rounded where a sum is stored.

function floats(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load_zero<u64>(at));
}

/**
 * Blurs a row: `out[i] = taps[0] * row[i] + sum over t of taps[t] * (row[i - t] + row[i + t])`; the ends
 * repeat.
 *
 * @param row `width * channels` floats, interleaved. @param taps `radius + 1` floats, the first is the
 * centre.
 * @param out as many, and room for one more.
 */
export function blurRow(
  row: usize,
  out: usize,
  width: usize,
  channels: usize,
  taps: usize,
  radius: usize,
): void {
  const count = width * channels;
  const edge = min(radius, width) * channels;
  const inner = count > edge ? count - edge : 0;
  for (let k: usize = 0; k < min(edge, count); k++) blurAtEdge(row, out, width, channels, taps, radius, k);
  const pixelBytes = channels << 2;
  for (let k = edge; k < inner; k += 2) {
    const at = row + (k << 2);
    let sum = f64x2.mul(f64x2.splat(load<f32>(taps)), floats(at));
    for (let t: usize = 1; t <= radius; t++) {
      const both = f64x2.add(floats(at - t * pixelBytes), floats(at + t * pixelBytes));
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(load<f32>(taps + (t << 2))), both));
    }
    v128.store_lane<u64>(out + (k << 2), f32x4.demote_f64x2_zero(sum), 0);
  }
  for (let k = max(edge, inner); k < count; k++) blurAtEdge(row, out, width, channels, taps, radius, k);
}

function blurAtEdge(
  row: usize,
  out: usize,
  width: usize,
  channels: usize,
  taps: usize,
  radius: usize,
  k: usize,
): void {
  const x = k / channels;
  const line = row + ((k % channels) << 2);
  let sum = (load<f32>(taps) as f64) * load<f32>(row + (k << 2));
  for (let t: usize = 1; t <= radius; t++) {
    const before = x > t ? x - t : 0;
    const after = min(width - 1, x + t);
    const both =
      (load<f32>(line + ((before * channels) << 2)) as f64) + load<f32>(line + ((after * channels) << 2));
    sum += load<f32>(taps + (t << 2)) * both;
  }
  store<f32>(out + (k << 2), sum as f32);
}

/**
 * Sums rows around row `y`: `out[k] = sum over t from -radius to radius of taps[|t|] * row(y + t)[k]`,
 * rounded after each row; rows beyond the first and last repeat.
 *
 * @param rows a ring of `slots` rows of `rowBytes`: row y lies at slot y % slots. @param height of the whole.
 */
export function blurColumns(
  rows: usize,
  rowBytes: usize,
  slots: i32,
  y: i32,
  height: i32,
  taps: usize,
  radius: i32,
  out: usize,
  count: usize,
): void {
  memory.fill(out, 0, count << 2);
  for (let t = -radius; t <= radius; t++) {
    const from = max(0, min(height - 1, y + t));
    const row = rows + ((from % slots) as usize) * rowBytes;
    const weight = f64x2.splat(load<f32>(taps + ((abs(t) as usize) << 2)));
    for (let k: usize = 0; k < count; k += 2) {
      const at = out + (k << 2);
      const sum = f64x2.add(floats(at), f64x2.mul(weight, floats(row + (k << 2))));
      v128.store_lane<u64>(at, f32x4.demote_f64x2_zero(sum), 0);
    }
  }
}
