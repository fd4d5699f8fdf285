/** Parts of zlib streams: header, checksum, and deflate streams joined at any bit. @see RFC 1950 */

export const zlibHeadBytes = 2;
export const adlerBytes = 4;

/** True when the header lets matches reach back as far as they can. */
export const hasWidestWindow = ([method = 0]: Uint8Array): boolean => method >>> 4 === 7;

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
 * The Adler-32 checksum of data of which a stretch changed. It is a sum, so the rest need not be read.
 *
 * @param args.whole checksum of the old data. @param args.old, args.now those of the stretch alone.
 * @param args.bytesBehind how many bytes lie behind the stretch.
 * @see RFC 1950, 8.2
 */
export function adlerWith(args: {
  readonly whole: number;
  readonly old: number;
  readonly now: number;
  readonly bytesBehind: number;
}): number {
  const { whole, old, now, bytesBehind } = args;
  const low = (now & 0xffff) - (old & 0xffff);
  // A byte counts as often as there are bytes from it to the end.
  const high = (now >>> 16) - (old >>> 16) + low * (bytesBehind % modulus);
  return ((positive((whole >>> 16) + high) << 16) | positive((whole & 0xffff) + low)) >>> 0;
}

const positive = (value: number): number => ((value % modulus) + modulus) % modulus;

/** An empty stored block: three bits of 0, padding to a whole byte, then length and complement. */
const emptyStoredTail = [0x00, 0x00, 0xff, 0xff];

/**
 * Ends a stream within a byte by an empty block, so that another can begin at a whole byte.
 *
 * @param phase 1 to 7 bits of `byte` belong to the stream.
 */
export function closing(byte: number, phase: number): Uint8Array {
  // If the three bits do not fit into this byte they continue in the next.
  return Uint8Array.of(byte & ((1 << phase) - 1), ...(phase > 5 ? [0] : []), ...emptyStoredTail);
}

/**
 * Lets a stream that goes on within a byte follow one that ends at a whole byte.
 *
 * @param phase all but the first 1 to 7 bits of `byte` belong to the stream.
 */
export function opening(byte: number, phase: number): Uint8Array {
  const fill = fillerBytes(phase);
  fill[fill.length - 1]! |= byte & ~((1 << phase) - 1);
  return fill;
}

/**
 * Ends a stream within a byte for good, by an empty last block. @param phase 0 to 7 bits of `byte` belong to
 * it.
 */
export function endOfStream(byte: number, phase: number): Uint8Array {
  // The bits 1, 1, 0 and seven of the end of block, all 0.
  const bits = (byte & ((1 << phase) - 1)) | (0b011 << phase);
  return Uint8Array.of(bits & 255, bits >>> 8, ...(phase > 6 ? [0] : []));
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
