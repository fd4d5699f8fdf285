/** Parts of zlib streams: header, checksum, and deflate streams joined at any bit. @see RFC 1950 */

export const zlibHeadBytes = 2;
export const adlerBytes = 4;

/** A header for a window of 32 KiB: recompressed data may reach further back than the source. */
export const widestWindow = Uint8Array.of(0x78, 0x5e);

/** True for the header of a zlib stream without a preset dictionary. @see RFC 1950, 2.2 */
export function isZlib(stream: Uint8Array): boolean {
  const [method = 0, flags = 0] = stream;
  const hasDictionary = (flags & 0x20) !== 0;
  return (method & 15) === 8 && (method * 256 + flags) % 31 === 0 && !hasDictionary;
}

const modulus = 65_521;

/**
 * Updates an Adler-32 checksum from the bytes that changed: it is a sum, so unchanged bytes need not be read.
 *
 * @param adler checksum of the old data. @param length of all data, in bytes.
 * @returns `note` takes changed bytes, some thousands at once; `get` returns the new checksum.
 * @see RFC 1950, 8.2
 */
export function changedAdler(adler: number, length: number) {
  let low = 0;
  let high = 0;
  return {
    note: (at: number, old: Uint8Array, now: Uint8Array): void => {
      let sum = 0;
      let weighted = 0;
      for (let i = 0; i < old.length; i++) {
        const difference = now[i]! - old[i]!;
        sum += difference;
        weighted += difference * i;
      }
      low = (low + sum) % modulus;
      // A byte counts as often as there are bytes from it to the end.
      high = (high + ((sum * ((length - at) % modulus)) % modulus) - (weighted % modulus)) % modulus;
    },
    get: (): number => {
      const a = positive((adler & 0xffff) + low);
      const b = positive((adler >>> 16) + high);
      return ((b << 16) | a) >>> 0;
    },
  };
}

const positive = (value: number): number => ((value % modulus) + modulus) % modulus;

/** An empty stored block: three bits of 0, padding to a whole byte, then length and complement. */
const emptyStoredTail = [0x00, 0x00, 0xff, 0xff];

/** The stream up to a bit, ended by an empty block so that the next block can begin at a whole byte. */
export function closedAt(stream: Uint8Array, bit: number): Uint8Array[] {
  const whole = stream.subarray(0, bit >>> 3);
  const phase = bit & 7;
  if (phase === 0) return [whole];
  const rest = stream[bit >>> 3]! & ((1 << phase) - 1);
  // If the three bits do not fit into this byte they continue in the next.
  return [whole, Uint8Array.of(rest, ...(phase > 5 ? [0] : []), ...emptyStoredTail)];
}

/** The stream from a bit on, made to follow a stream that ends with a whole byte. */
export function openedAt(stream: Uint8Array, bit: number): Uint8Array[] {
  const phase = bit & 7;
  const whole = stream.subarray((bit + 7) >>> 3);
  if (phase === 0) return [whole];
  const fill = fillerBytes(phase);
  fill[fill.length - 1]! |= stream[bit >>> 3]! & ~((1 << phase) - 1);
  return [fill, whole];
}

/** Empty blocks that end just before bit `phase` (1 to 7) of a byte. */
function fillerBytes(phase: number): Uint8Array {
  let bits = phase % 2 === 1 ? emptyCodedBlock : '';
  while (bits.length % 8 !== phase) bits += emptyFixedBlock;
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++) bytes[i >>> 3]! |= Number(bits[i]) << (i & 7);
  return bytes;
}

/** An empty block with fixed codes has 10 bits, so any even phase can be reached. @see RFC 1951, 3.2.6 */
const emptyFixedBlock = '0100000000';

/**
 * An empty block with codes of its own has 99 bits, an odd number. Its codes are complete, as strict decoders
 * ask: literals 254 and 255 and the end of block have 1, 2 and 2 bits, both distances have 1.
 *
 * @see RFC 1951, 3.2.7
 */
const emptyCodedBlock = [
  // Not the last block, dynamic codes; 257 literals, 2 distances, 18 lengths of code lengths.
  ...['001', '00000', '10000', '0111'],
  // In the order 16, 17, 18, 0, 8, ..., 2, 14, 1: `18` has one bit, `2` and `1` have two.
  ...['000000100', '000'.repeat(12), '010000010'],
  // 138 and 116 zeros, then the lengths 1, 2, 2 and 1, 1; end of block.
  ...['01111111', '01001011', '10', '11', '11', '10', '10', '11'],
].join('');
