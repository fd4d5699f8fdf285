/** `out = a - b`, floats. Behind each is room for three more. */
export function subtract(a: usize, b: usize, count: usize, out: usize): void {
  for (let k: usize = 0; k < count << 2; k += 16) {
    v128.store(out + k, f32x4.sub(v128.load(a + k), v128.load(b + k)));
  }
}

/**
 * Finds for each look the least squared distance from the looks of a context; infinite without a context.
 *
 * @param looks `count` times `length` floats. @param context likewise. @param out receives `count` numbers of
 * 64 bits.
 */
export function leastDistances(
  looks: usize,
  count: usize,
  context: usize,
  contextCount: usize,
  length: usize,
  out: usize,
): void {
  const stride = length << 2;
  const end = context + contextCount * stride;
  for (let n: usize = 0; n < count; n++) {
    const look = looks + n * stride;
    let least: f64 = Infinity;
    for (let other = context; other < end; other += stride) {
      let sum: f64 = 0;
      for (let k: usize = 0; k < stride && sum < least; k += 4) {
        const gap = (load<f32>(look + k) as f64) - load<f32>(other + k);
        sum += gap * gap;
      }
      least = min(least, sum);
    }
    store<f64>(out + (n << 3), least);
  }
}

/**
 * Adds the sizes of the steps to the right and down from each pixel of a row whose neighbours there are known
 * too.
 *
 * @param first, @param second two rows of `width` pixels of `channels` floats, one behind the other.
 * @param known the same of one float: 1 where a pixel is known. @param sums two numbers of 64 bits, one for
 * each picture.
 */
export function addSteps(
  first: usize,
  second: usize,
  known: usize,
  width: usize,
  channels: usize,
  sums: usize,
): void {
  const row = (width * channels) << 2;
  const step = channels << 2;
  let a = load<f64>(sums);
  let b = load<f64>(sums, 8);
  for (let x: usize = 0; x + 1 < width; x++) {
    const at = known + (x << 2);
    if (load<f32>(at) !== 1 || load<f32>(at, 4) !== 1 || load<f32>(at + (width << 2)) !== 1) continue;
    for (let k = x * step; k < (x + 1) * step; k += 4) {
      a += stepsFrom(first + k, step, row);
      b += stepsFrom(second + k, step, row);
    }
  }
  store<f64>(sums, a);
  store<f64>(sums, b, 8);
}

function stepsFrom(at: usize, step: usize, row: usize): f64 {
  const own = load<f32>(at) as f64;
  return abs((load<f32>(at + step) as f64) - own) + abs((load<f32>(at + row) as f64) - own);
}

/** Weighted sums of the channels of `count` pixels. @param weights a number of 64 bits for each channel. */
export function addChannels(pixels: usize, count: usize, channels: usize, weights: usize, out: usize): void {
  for (let p: usize = 0; p < count; p++) {
    let sum: f64 = 0;
    for (let c: usize = 0; c < channels; c++) {
      sum += load<f64>(weights + (c << 3)) * load<f32>(pixels + ((p * channels + c) << 2));
    }
    store<f32>(out + (p << 2), sum as f32);
  }
}

/**
 * `gain * value + offset`, in place.
 *
 * @param values `count` pixels of `channels` floats. @param gains, @param offsets a number of 64 bits for
 * each channel.
 */
export function scaleChannels(
  values: usize,
  count: usize,
  channels: usize,
  gains: usize,
  offsets: usize,
): void {
  for (let p: usize = 0; p < count; p++) {
    for (let c: usize = 0; c < channels; c++) {
      const at = values + ((p * channels + c) << 2);
      store<f32>(at, (load<f64>(gains + (c << 3)) * load<f32>(at) + load<f64>(offsets + (c << 3))) as f32);
    }
  }
}
