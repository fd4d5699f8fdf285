/**
 * Counts the bytes that two stretches have in common at their beginning.
 *
 * @param a address of `length` bytes.
 * @param b address of `length` bytes.
 * @returns 0 to `length`; `length` when they are equal.
 */
export function commonBytes(a: usize, b: usize, length: usize): usize {
  let at: usize = 0;
  // A load of 16 bytes ends inside the stretch, never behind it.
  for (; at + 16 <= length; at += 16) {
    const isSame = v128.eq<u8>(v128.load(a + at), v128.load(b + at));
    if (!v128.all_true<u8>(isSame)) break;
  }
  for (; at < length; at++) if (load<u8>(a + at) !== load<u8>(b + at)) break;
  return at;
}
