/**
 * Distances within columns, downwards: 0 on a target, else one more than above.
 *
 * @param mask `width` bytes. @param targets 256 bytes, 1 for values that are targets. @param above floats of
 * the row above, infinite above the first. @param out receives `width` floats.
 */
export function distancesDown(mask: usize, targets: usize, above: usize, out: usize, width: usize): void {
  for (let x: usize = 0; x < width; x++) {
    const isTarget = load<u8>(targets + load<u8>(mask + x)) === 1;
    store<f32>(out + (x << 2), isTarget ? 0 : load<f32>(above + (x << 2)) + 1);
  }
}

/** The same upwards: `row = min(row, below + 1)`. Behind both rows is room for three more. */
export function distancesUp(row: usize, below: usize, width: usize): void {
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < width << 2; at += 16) {
    v128.store(row + at, f32x4.min(v128.load(row + at), f32x4.add(v128.load(below + at), one)));
  }
}

/**
 * Bytes that {@link distancesAlong} needs for a parabola: where it begins and its height, of 64 bits, and its
 * column.
 */
const envelopeBytes: usize = 24;

/**
 * Distances within columns -> to the nearest target of all, along one row: the lower envelope of the
 * parabolas `column(i)^2 + (x - i)^2`. Infinite beyond `limit`.
 *
 * @param columns `width` floats. @param out as many. @param envelope 24 bytes for each column.
 * @see Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", Theory of Computing 2012.
 */
export function distancesAlong(columns: usize, out: usize, width: i32, limit: f64, envelope: usize): void {
  for (let x = 0; x < width; x++) {
    if (columnAt(columns, x) === 0) {
      store<f32>(out + ((x as usize) << 2), 0);
      continue;
    }
    const from = x;
    while (x < width && columnAt(columns, x) !== 0) x++;
    // Targets beyond the ends of a run are farther away than those at its ends.
    const count = lowerEnvelope(columns, max(0, from - 1), min(width - 1, x), limit, envelope);
    fillRun(out, from, x, limit, envelope, count);
    x--;
  }
}

function columnAt(columns: usize, x: i32): f64 {
  return load<f32>(columns + ((x as usize) << 2));
}

/** Makes the parabolas of a run, from left to right; returns their number. */
function lowerEnvelope(columns: usize, from: i32, last: i32, limit: f64, envelope: usize): i32 {
  let count = 0;
  for (let x = from; x <= last; x++) {
    const inColumn = columnAt(columns, x);
    // A parabola above the limit never gets below it.
    if (inColumn > limit || inColumn === Infinity) continue;
    const height = inColumn * inColumn;
    let start = -Infinity;
    while (count > 0) {
      const top = envelope + ((count - 1) as usize) * envelopeBytes;
      const site = load<i32>(top, 16) as f64;
      start =
        (height + (x as f64) * (x as f64) - load<f64>(top, 8) - site * site) / (2 * ((x as f64) - site));
      if (start > load<f64>(top)) break;
      count--;
      start = -Infinity;
    }
    const next = envelope + (count as usize) * envelopeBytes;
    store<f64>(next, start);
    store<f64>(next, height, 8);
    store<i32>(next, x, 16);
    count++;
  }
  return count;
}

function fillRun(out: usize, from: i32, to: i32, limit: f64, envelope: usize, count: i32): void {
  const most = limit * limit;
  let parabola = envelope;
  const last = envelope + ((count - 1) as usize) * envelopeBytes;
  for (let x = from; x < to; x++) {
    let distance: f32 = Infinity;
    if (count > 0) {
      while (parabola < last && load<f64>(parabola, envelopeBytes) < (x as f64)) parabola += envelopeBytes;
      const across = (x as f64) - (load<i32>(parabola, 16) as f64);
      const squared = load<f64>(parabola, 8) + across * across;
      if (squared <= most) distance = Math.sqrt(squared) as f32;
    }
    store<f32>(out + ((x as usize) << 2), distance);
  }
}
