import { describe, expect, it } from 'vitest';
import { crc32c, crc32cBase64, encodeCrc32c } from '../../../lib/storage/crc32c.ts';

const hexOf = (bytes: Uint8Array) => Buffer.from(crc32cBase64(bytes), 'base64').toString('hex');

function bitByBit(bytes: Uint8Array, start: number): number {
  let crc = ~start;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32cBase64', () => {
  it('agrees with the published check value', () => {
    expect(hexOf(new TextEncoder().encode('123456789'))).toBe('e3069283');
  });

  it('agrees with the vectors of RFC 3720, which print the bytes in reverse', () => {
    const reversed = (hex: string) => Buffer.from(hex, 'hex').reverse().toString('hex');
    expect(hexOf(new Uint8Array(32))).toBe(reversed('aa36918a'));
    expect(hexOf(new Uint8Array(32).fill(0xff))).toBe(reversed('43aba862'));
    expect(hexOf(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(reversed('4e79dd46'));
  });

  it('is the same at every length and after any start as bit by bit', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, n) => (n * 151 + 7) & 0xff);
    for (let end = 0; end <= bytes.length; end++)
      for (const start of [0, 1, 0x80000000, 0xffffffff])
        expect(crc32c(bytes.subarray(0, end), start)).toBe(bitByBit(bytes.subarray(0, end), start));
  });

  it('is the same for parts as for the whole, and 0 for nothing', () => {
    const text = new TextEncoder().encode('123456789');
    expect(encodeCrc32c(crc32c(text.subarray(4), crc32c(text.subarray(0, 4))))).toBe(crc32cBase64(text));
    expect(crc32cBase64(new Uint8Array())).toBe('AAAAAA==');
  });
});
