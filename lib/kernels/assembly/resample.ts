// Numbers are of 32 bits in memory and of 64 bits in sums, and are rounded where a sum is stored.

/** Four samples as four floats; whole numbers of 16 bits are exact in them. */
function four<T>(at: usize): v128 {
  if (isFloat<T>()) return v128.load(at);
  const numbers = sizeof<T>() === 1 ? v128.extend_low<u8>(v128.load_zero<u32>(at)) : v128.load_zero<u64>(at);
  return f32x4.convert_i32x4_u(v128.extend_low<u16>(numbers));
}

function upper(floats: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u64>(floats, floats, 1, 0));
}

function lower(floats: v128): v128 {
  return f64x2.promote_low_f32x4(floats);
}

/** Rounds two pairs to four floats. */
function joined(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

function addFour<T>(out: usize, rows: usize, rowBytes: usize, weights: usize, count: usize): void {
  const w0 = v128.load_splat<u64>(weights);
  const w1 = v128.load_splat<u64>(weights, 8);
  const w2 = v128.load_splat<u64>(weights, 16);
  const w3 = v128.load_splat<u64>(weights, 24);
  for (let k: usize = 0; k < count; k += 4) {
    const at = rows + k * sizeof<T>();
    const a = four<T>(at);
    const b = four<T>(at + rowBytes);
    const c = four<T>(at + 2 * rowBytes);
    const d = four<T>(at + 3 * rowBytes);
    let low = f64x2.add(f64x2.mul(w0, lower(a)), f64x2.mul(w1, lower(b)));
    low = f64x2.add(f64x2.add(low, f64x2.mul(w2, lower(c))), f64x2.mul(w3, lower(d)));
    let high = f64x2.add(f64x2.mul(w0, upper(a)), f64x2.mul(w1, upper(b)));
    high = f64x2.add(f64x2.add(high, f64x2.mul(w2, upper(c))), f64x2.mul(w3, upper(d)));
    const old = v128.load(out + (k << 2));
    v128.store(out + (k << 2), joined(f64x2.add(lower(old), low), f64x2.add(upper(old), high)));
  }
}

function addOne<T>(out: usize, row: usize, weights: usize, count: usize): void {
  const weight = v128.load_splat<u64>(weights);
  for (let k: usize = 0; k < count; k += 4) {
    const a = four<T>(row + k * sizeof<T>());
    const old = v128.load(out + (k << 2));
    const low = f64x2.add(lower(old), f64x2.mul(weight, lower(a)));
    const high = f64x2.add(upper(old), f64x2.mul(weight, upper(a)));
    v128.store(out + (k << 2), joined(low, high));
  }
}

function addRows<T>(
  out: usize,
  rows: usize,
  rowBytes: usize,
  weights: usize,
  rowCount: usize,
  count: usize,
): void {
  let t: usize = 0;
  for (; t + 4 <= rowCount; t += 4) {
    addFour<T>(out, rows + t * rowBytes, rowBytes, weights + (t << 3), count);
  }
  for (; t < rowCount; t++) addOne<T>(out, rows + t * rowBytes, weights + (t << 3), count);
}

/**
 * Adds weighted rows to a row of sums: `out[k] += weights[0] * rows[0][k] + ...`, rounded after four rows, or
 * after each of the last ones.
 *
 * @param out `count` floats, and room for three more. @param rows the first row, of samples of 1, 2 (whole)
 * or 4 bytes (float); the others follow in steps of `rowBytes`. Behind the last is room for three more.
 * @param weights a number of 64 bits for each row.
 */
export function addWeightedRows(
  out: usize,
  rows: usize,
  rowBytes: usize,
  sampleBytes: usize,
  weights: usize,
  rowCount: usize,
  count: usize,
): void {
  if (sampleBytes === 1) addRows<u8>(out, rows, rowBytes, weights, rowCount, count);
  else if (sampleBytes === 2) addRows<u16>(out, rows, rowBytes, weights, rowCount, count);
  else addRows<f32>(out, rows, rowBytes, weights, rowCount, count);
}

/**
 * Weighted sums along a row: pixel x of the output is the sum of `taps` pixels of `line` from `first[x]` on.
 *
 * @param line floats, interleaved, and room for three more. @param first whole numbers of 32 bits.
 * @param weights `taps` numbers of 64 bits for each x. @param channels 1 to 4. @param from, @param to the
 * pixels to make (`to` exclusive).
 * @param out receives pixel x at its place, and room for three more.
 */
export function gatherRow(
  line: usize,
  first: usize,
  weights: usize,
  taps: usize,
  channels: usize,
  from: usize,
  to: usize,
  out: usize,
): void {
  const pixelBytes = channels << 2;
  for (let x = from; x < to; x++) {
    let at = line + (load<i32>(first + (x << 2)) as usize) * pixelBytes;
    let weight = weights + ((x * taps) << 3);
    const end = weight + (taps << 3);
    let low = f64x2.splat(0);
    let high = low;
    for (; weight < end; weight += 8) {
      const pixel = v128.load(at);
      const share = v128.load_splat<u64>(weight);
      low = f64x2.add(low, f64x2.mul(share, lower(pixel)));
      if (channels > 2) high = f64x2.add(high, f64x2.mul(share, upper(pixel)));
      at += pixelBytes;
    }
    // The channels that a pixel does not have are overwritten by the next.
    v128.store(out + x * pixelBytes, joined(low, high));
  }
}
