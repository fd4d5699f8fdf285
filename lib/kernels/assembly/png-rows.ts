/** Loads 8 bytes as 8 numbers of 16 bits. */
function wide(at: usize): v128 {
  return v128.load_ext<u8>(at);
}

/** Stores the low bytes of 8 numbers of 16 bits, all below 256. */
function storeNarrow(at: usize, values: v128): void {
  v128.store_lane<u64>(at, v128.narrow<u16>(values, values), 0);
}

/** The Paeth predictor: a, b or c, whichever is nearest to a + b - c; the first of equals. */
function nearest(a: v128, b: v128, c: v128): v128 {
  const bc = v128.sub<i16>(b, c);
  const ac = v128.sub<i16>(a, c);
  const toA = v128.abs<i16>(bc);
  const toB = v128.abs<i16>(ac);
  const toC = v128.abs<i16>(v128.add<i16>(bc, ac));
  const least = v128.min<i16>(v128.min<i16>(toA, toB), toC);
  const orC = v128.bitselect(b, c, v128.eq<i16>(toB, least));
  return v128.bitselect(a, orC, v128.eq<i16>(toA, least));
}

/**
 * Decodes one row of a PNG.
 *
 * @param filter 0 to 4. @param from `length` filtered bytes, 8 bytes of any value behind.
 * @param above the decoded row above, zeros above the first. @param to receives the decoded row. Before both
 * lies one pixel, zeros at the left edge; behind `to` 8 bytes are overwritten.
 * @param pixelBytes bytes from a sample to the same one of the next pixel, 1 to 8.
 * @returns false for an unknown filter.
 * @see https://www.w3.org/TR/png-3/#9Filters
 */
export function unfilterRow(
  filter: u32,
  from: usize,
  above: usize,
  to: usize,
  length: usize,
  pixelBytes: usize,
): bool {
  if (filter === 0 || filter > 4) {
    memory.copy(to, from, length);
    return filter === 0;
  }
  // The black of a mask: one pixel after the other it would take most of the time.
  if (
    isBlank(from, length) &&
    isBlank(to - pixelBytes, pixelBytes) &&
    isBlank(above - pixelBytes, pixelBytes + length)
  ) {
    memory.fill(to, 0, length);
    return true;
  }
  switch (filter) {
    case 1:
      unfilterLeft(from, to, length, pixelBytes);
      return true;
    case 2:
      unfilterUp(from, above, to, length);
      return true;
    case 3:
      unfilterAverage(from, above, to, length, pixelBytes);
      return true;
    default:
      unfilterPaeth(from, above, to, length, pixelBytes);
      return true;
  }
}

/** True when `length` bytes are all 0. */
export function isBlank(from: usize, length: usize): bool {
  let at = from;
  const end = from + length;
  for (; at + 16 <= end; at += 16) if (v128.any_true(v128.load(at))) return false;
  for (; at < end; at++) if (load<u8>(at) !== 0) return false;
  return true;
}

function unfilterLeft(from: usize, to: usize, length: usize, pixelBytes: usize): void {
  let left = v128.load_zero<u64>(to - pixelBytes);
  for (let i: usize = 0; i < length; i += pixelBytes) {
    left = v128.add<u8>(left, v128.load_zero<u64>(from + i));
    v128.store_lane<u64>(to + i, left, 0);
  }
}

function unfilterUp(from: usize, above: usize, to: usize, length: usize): void {
  let i: usize = 0;
  for (; i + 16 <= length; i += 16)
    v128.store(to + i, v128.add<u8>(v128.load(from + i), v128.load(above + i)));
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i) + load<u8>(above + i));
}

function unfilterAverage(from: usize, above: usize, to: usize, length: usize, pixelBytes: usize): void {
  const low = v128.splat<u16>(255);
  let left = wide(to - pixelBytes);
  for (let i: usize = 0; i < length; i += pixelBytes) {
    const mean = v128.shr<u16>(v128.add<u16>(left, wide(above + i)), 1);
    left = v128.and(v128.add<u16>(wide(from + i), mean), low);
    storeNarrow(to + i, left);
  }
}

function unfilterPaeth(from: usize, above: usize, to: usize, length: usize, pixelBytes: usize): void {
  const low = v128.splat<u16>(255);
  let left = wide(to - pixelBytes);
  let corner = wide(above - pixelBytes);
  for (let i: usize = 0; i < length; i += pixelBytes) {
    const up = wide(above + i);
    left = v128.and(v128.add<u16>(wide(from + i), nearest(left, up, corner)), low);
    corner = up;
    storeNarrow(to + i, left);
  }
}

/**
 * Filters part of a row of a PNG, the inverse of {@link unfilterRow}.
 *
 * @param filter 0 to 4. @param row `length` bytes. @param above the same of the row above. Before both lies
 * one pixel, and behind both and behind `to` 8 bytes of any value.
 * @param to receives `length` filtered bytes.
 * @returns false for an unknown filter.
 * @see https://www.w3.org/TR/png-3/#9Filters
 */
export function filterRow(
  filter: u32,
  row: usize,
  above: usize,
  to: usize,
  length: usize,
  pixelBytes: usize,
): bool {
  if (filter > 4) return false;
  const low = v128.splat<u16>(255);
  for (let i: usize = 0; i < length; i += 8) {
    const value = wide(row + i);
    let guess = v128.splat<u16>(0);
    if (filter === 1) guess = wide(row + i - pixelBytes);
    else if (filter === 2) guess = wide(above + i);
    else if (filter === 3) {
      guess = v128.shr<u16>(v128.add<u16>(wide(row + i - pixelBytes), wide(above + i)), 1);
    } else if (filter === 4) {
      guess = nearest(wide(row + i - pixelBytes), wide(above + i), wide(above + i - pixelBytes));
    }
    storeNarrow(to + i, v128.and(v128.sub<u16>(value, guess), low));
  }
  return true;
}

/**
 * Counts the pixels of a row that differ where a mask is 0.
 *
 * @param a, @param b `width` pixels. @param mask `width` bytes.
 */
export function differingPixels(a: usize, b: usize, mask: usize, width: usize, pixelBytes: usize): u32 {
  let count: u32 = 0;
  for (let x: usize = 0; x < width; x++) {
    if (load<u8>(mask + x) !== 0) continue;
    let at = x * pixelBytes;
    const end = at + pixelBytes;
    while (at < end && load<u8>(a + at) === load<u8>(b + at)) at++;
    if (at < end) count++;
  }
  return count;
}
