const modulus: u32 = 65521;
/** So many bytes can be summed before a sum of 32 bits overflows; whole vectors. @see RFC 1950, 9 */
const stretchBytes: usize = 5552 & ~15;

/**
 * Continues an Adler-32 checksum.
 *
 * @param adler 1 to begin with. @param from `length` bytes.
 * @see RFC 1950, 8.2
 */
export function adler32(adler: u32, from: usize, length: usize): u32 {
  let low = adler & 0xffff;
  let high = adler >> 16;
  let at = from;
  const end = from + length;
  const vectorsEnd = from + (length & ~15);
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (at < vectorsEnd) {
    const stop = min(vectorsEnd, at + stretchBytes);
    let sums = i32x4(low, 0, 0, 0);
    // What every byte before a vector adds once for each of its 16 places.
    let before = i32x4(0, 0, 0, 0);
    let weighted = i32x4(high, 0, 0, 0);
    for (; at < stop; at += 16) {
      const bytes = v128.load(at);
      before = v128.add<i32>(before, sums);
      const a = v128.extend_low<u8>(bytes);
      const b = v128.extend_high<u8>(bytes);
      weighted = v128.add<i32>(weighted, i32x4.dot_i16x8_s(a, weightsLow));
      weighted = v128.add<i32>(weighted, i32x4.dot_i16x8_s(b, weightsHigh));
      sums = v128.add<i32>(sums, v128.extadd_pairwise<u16>(v128.add<u16>(a, b)));
    }
    low = total(sums) % modulus;
    high = (total(weighted) + ((total(before) % modulus) << 4)) % modulus;
  }
  for (; at < end; at++) {
    low = (low + load<u8>(at)) % modulus;
    high = (high + low) % modulus;
  }
  return (high << 16) | low;
}

function total(sums: v128): u32 {
  return (
    v128.extract_lane<u32>(sums, 0) +
    v128.extract_lane<u32>(sums, 1) +
    v128.extract_lane<u32>(sums, 2) +
    v128.extract_lane<u32>(sums, 3)
  );
}
