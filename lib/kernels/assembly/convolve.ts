/**
 * Mixes the channels of each pixel: `out[p][o] = bias[o] + sum over c of from[p][c] * weights[o][c]`.
 *
 * @param from `pixels * inputs` floats. @param weights `outputs * inputs` floats. @param bias `outputs`
 * floats. @param out `pixels * outputs` floats.
 */
export function mixChannels(
  from: usize,
  pixels: usize,
  inputs: usize,
  weights: usize,
  bias: usize,
  outputs: usize,
  out: usize,
): void {
  const bytes = inputs << 2;
  const whole = bytes & ~15;
  for (let p: usize = 0; p < pixels; p++, from += bytes) {
    let weight = weights;
    for (let o: usize = 0; o < outputs; o++, weight += bytes, out += 4) {
      let four = f32x4.splat(0);
      for (let c: usize = 0; c < whole; c += 16) {
        four = f32x4.add(four, f32x4.mul(v128.load(from + c), v128.load(weight + c)));
      }
      let sum = load<f32>(bias + (o << 2));
      for (let c = whole; c < bytes; c += 4) sum += load<f32>(from + c) * load<f32>(weight + c);
      sum += f32x4.extract_lane(four, 0) + f32x4.extract_lane(four, 1);
      sum += f32x4.extract_lane(four, 2) + f32x4.extract_lane(four, 3);
      store<f32>(out, sum);
    }
  }
}

/**
 * Adds a row to another, each channel with a weight of its own: `out[x][c] += from[x * stride][c] * tap[c]`.
 *
 * @param from pixels of `channels` floats. @param tap `channels` floats. @param out `count` pixels.
 */
export function addTap(
  from: usize,
  stride: usize,
  tap: usize,
  channels: usize,
  count: usize,
  out: usize,
): void {
  const bytes = channels << 2;
  const whole = bytes & ~15;
  for (let x: usize = 0; x < count; x++, from += stride * bytes, out += bytes) {
    for (let c: usize = 0; c < whole; c += 16) {
      const product = f32x4.mul(v128.load(from + c), v128.load(tap + c));
      v128.store(out + c, f32x4.add(v128.load(out + c), product));
    }
    for (let c = whole; c < bytes; c += 4) {
      store<f32>(out + c, load<f32>(out + c) + load<f32>(from + c) * load<f32>(tap + c));
    }
  }
}
