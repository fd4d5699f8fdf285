const castagnoli = 0x82f63b78;

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ castagnoli : remainder >>> 1;
  return remainder;
});

/**
 * The checksum Cloud Storage keeps of every object, in its notation: base64 of the big-endian CRC-32C.
 *
 * @see RFC 3720, appendix B.4 (test vectors); https://cloud.google.com/storage/docs/data-validation
 */
export function crc32cBase64(bytes: Uint8Array): string {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  const answer = Buffer.alloc(4);
  answer.writeInt32BE(~crc);
  return answer.toString('base64');
}
