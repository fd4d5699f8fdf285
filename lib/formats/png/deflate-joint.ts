/**
 * Joins parts of deflate streams: what begins in the middle of a byte stays there, so that its bytes are copied as they are and
 * its stored blocks keep their padding.
 */

/** A block that is stored and empty begins with three bits of 0, fills its byte, and says twice that it has no bytes. */
const emptyStoredTail = [0x00, 0x00, 0xff, 0xff];

/** The stream up to a bit, closed by an empty block so that another may begin with the next byte. */
export function closedAt(stream: Uint8Array, bit: number): Uint8Array[] {
  const whole = stream.subarray(0, bit >>> 3);
  const phase = bit & 7;
  if (phase === 0) return [whole];
  const rest = stream[bit >>> 3]! & ((1 << phase) - 1);
  // Without room for the three bits they go on in a byte of their own.
  return [whole, Uint8Array.of(rest, ...(phase > 5 ? [0] : []), ...emptyStoredTail)];
}

/** The stream from a bit on, to follow a stream that ended with a whole byte. */
export function openedAt(stream: Uint8Array, bit: number): Uint8Array[] {
  const phase = bit & 7;
  const whole = stream.subarray((bit + 7) >>> 3);
  if (phase === 0) return [whole];
  const fill = fillerBytes(phase);
  fill[fill.length - 1]! |= stream[bit >>> 3]! & ~((1 << phase) - 1);
  return [fill, whole];
}

/** Empty blocks whose last bit is number `phase` - 1 of its byte, 1 to 7. */
function fillerBytes(phase: number): Uint8Array {
  const bits: number[] = [];
  if (phase % 2 === 1) bits.push(...emptyCodedBlock());
  while (bits.length % 8 !== phase) bits.push(...emptyFixedBlock);
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) bytes[i >>> 3]! |= bit << (i & 7);
  return bytes;
}

/** Not last, fixed codes, end of block: 10 bits, so that any even phase can be reached. @see RFC 1951, 3.2.6 */
const emptyFixedBlock = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

/**
 * An empty block with codes of its own: 99 bits, an odd number. Its codes are complete, as the strictest decoders ask: literals
 * 254 and 255 and the end have 1, 2 and 2 bits, both distances 1.
 *
 * @see RFC 1951, 3.2.7
 */
function emptyCodedBlock(): number[] {
  // Not last, codes of its own.
  const bits = [0, 0, 1];
  const put = (value: number, count: number) => {
    for (let i = 0; i < count; i++) bits.push((value >>> i) & 1);
  };
  // 257 literals, 2 distances, 18 lengths of code lengths.
  put(0, 5);
  put(1, 5);
  put(14, 4);
  // In the order 16, 17, 18, 0, 8, ..., 2, 14, 1: `18` has one bit, `2` and `1` have two.
  for (let i = 0; i < 18; i++) put(i === 2 ? 1 : i === 15 || i === 17 ? 2 : 0, 3);
  const [runOfZeros, one, two] = [[0], [1, 0], [1, 1]];
  for (const zeros of [138, 116]) {
    bits.push(...runOfZeros);
    put(zeros - 11, 7);
  }
  bits.push(...one, ...two, ...two, ...one, ...one);
  const end = [1, 1];
  return [...bits, ...end];
}
