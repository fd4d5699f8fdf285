// What the kernels of JPEG scans share: bits, Huffman tables and faults. Positions count bits of unstuffed
// bytes from the start of a buffer, most significant bit first.

/** Values from here on are no positions; each says why there is none. */
export const firstFault: u32 = 0xfffffff0;
/** Bits that begin no code. */
export const noCode: u32 = 0xfffffff0;
/** A symbol that only progressive scans use. */
export const notSequential: u32 = 0xfffffff1;
/** A run beyond the 64 coefficients of a block. */
export const tooMany: u32 = 0xfffffff2;
/** An MCU that ends behind the data. */
export const truncated: u32 = 0xfffffff3;
/** A DC value or difference of more than 11 bits is to be written. */
export const dcTooLarge: u32 = 0xfffffff4;

/** At least 57 bits from a position on, the first on top. Loads 8 bytes. */
export function peek(bytes: usize, position: u32): u64 {
  const loaded = v128.load64_zero(bytes + (position >> 3));
  const swapped = v128.shuffle<u8>(loaded, loaded, 7, 6, 5, 4, 3, 2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0);
  return v128.extract_lane<u64>(swapped, 0) << (position & 7);
}

/** How many bits of `peek` are always there. */
export const peekedBits: i32 = 57;

// A decoder of one Huffman table: three lookups, one behind the other.

/** By 13 bits: bits taken, `coefficients passed << 5`, bit 15 set at the end of the block; 0: look below. */
export const multiBits: i32 = 13;
const multiBytes: usize = 2 << 13;
/** By 10 bits: `length << 8 | symbol`; 0: a longer code, or none. */
const singleBits: i32 = 10;
const singleBytes: usize = 2 << 10;
const longestCode: i32 = 16;
/** By length: the first 16 bits behind its codes; and what leads from a code of this length to its symbol. */
const upperAt: usize = multiBytes + singleBytes;
const indexAt: usize = upperAt + 4 * 17;
const symbolsAt: usize = indexAt + 4 * 17;

/** @param definition 16 counts of codes by length, then the symbols: a DHT payload behind class and id. */
export function fillDecoder(definition: usize, decoder: usize): void {
  memory.fill(decoder + multiBytes, 0, singleBytes);
  let code: u32 = 0;
  let index: u32 = 0;
  for (let length = 1; length <= longestCode; length++) {
    const count: u32 = load<u8>(definition + length - 1);
    store<i32>(decoder + indexAt + 4 * length, index - code);
    for (let i: u32 = 0; i < count; i++, code++, index++) {
      const symbol: u32 = load<u8>(definition + 16 + index);
      store<u8>(decoder + symbolsAt + index, <u8>symbol);
      if (length <= singleBits) fillSingle(decoder, code << (singleBits - length), length, symbol);
    }
    store<u32>(decoder + upperAt + 4 * length, code << (longestCode - length));
    code <<= 1;
  }
  for (let bits: u32 = 0; bits < 1 << multiBits; bits++) {
    store<u16>(decoder + 2 * bits, <u16>multiEntry(decoder, bits));
  }
}

function fillSingle(decoder: usize, from: u32, length: i32, symbol: u32): void {
  for (let i: u32 = from; i < from + (1 << (singleBits - length)); i++) {
    store<u16>(decoder + multiBytes + 2 * i, <u16>((length << 8) | symbol));
  }
}

/** As many whole symbols as begin within 13 bits; the extra bits of the last may lie beyond them. */
function multiEntry(decoder: usize, bits: u32): u32 {
  let taken = 0;
  let passed = 0;
  while (taken < multiBits && passed < 64) {
    const entry = symbolAt(decoder, (bits << (longestCode - multiBits + taken)) & 0xffff);
    const length: i32 = entry >> 8;
    const run: i32 = (entry >> 4) & 15;
    const size: i32 = entry & 15;
    if (length === 0 || taken + length > multiBits || (size === 0 && run > 0 && run < 15)) break;
    taken += length + size;
    passed += run + 1;
    if ((entry & 255) === 0) return 0x8000 | (passed << 5) | taken;
  }
  return (passed << 5) | taken;
}

/** The symbol that 16 bits begin with: `length << 8 | symbol`, 0 for none. */
export function symbolAt(decoder: usize, bits: u32): u32 {
  const entry: u32 = load<u16>(decoder + multiBytes + 2 * (bits >> (longestCode - singleBits)));
  if (entry !== 0) return entry;
  for (let length = singleBits + 1; length <= longestCode; length++) {
    if (bits >= load<u32>(decoder + upperAt + 4 * length)) continue;
    const index = (bits >> (longestCode - length)) + load<i32>(decoder + indexAt + 4 * length);
    return (length << 8) | load<u8>(decoder + symbolsAt + index);
  }
  return 0;
}

/**
 * The signed value of `size` (0..15) bits on top. @see ITU-T T.81, figures F.12 (EXTEND) and F.17 (RECEIVE).
 */
export function signed(bits: u64, size: u32): i32 {
  if (size === 0) return 0;
  const value = <i32>(bits >> (64 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** Reads a DC difference. @returns the position behind it or a fault in the upper half, the value below. */
export function readDc(bytes: usize, position: u32, decoder: usize): u64 {
  const bits = peek(bytes, position);
  const entry = symbolAt(decoder, <u32>(bits >> 48));
  if (entry === 0) return (<u64>noCode) << 32;
  const length = entry >> 8;
  const size = entry & 255;
  const value = signed(bits << length, size);
  return ((<u64>(position + length + size)) << 32) | <u32>value;
}

/** Skips the 63 AC coefficients of a block by code lengths. @returns the position behind them, or a fault. */
export function skipAc(bytes: usize, from: u32, decoder: usize): u32 {
  return skipOn(bytes, from, decoder, 0, 0);
}

/**
 * Skips a block by code lengths, and adds its DC difference to a predictor.
 *
 * @returns the position behind it, or a fault.
 */
export function skipBlock(bytes: usize, from: u32, dc: usize, ac: usize, predictor: usize): u32 {
  const bits = peek(bytes, from);
  const entry = symbolAt(dc, <u32>(bits >> 48));
  if (entry === 0) return noCode;
  const length = entry >> 8;
  const size = entry & 255;
  store<i32>(predictor, load<i32>(predictor) + signed(bits << length, size));
  const taken = length + size;
  return skipOn(bytes, from + taken, ac, bits << taken, peekedBits - taken);
}

/** Skips AC coefficients; the first `left` of `bits` are those at the position. */
function skipOn(bytes: usize, from: u32, decoder: usize, peeked: u64, held: i32): u32 {
  let position = from;
  let bits = peeked;
  let left = held;
  let k: u32 = 1;
  while (k < 64) {
    // Extra bits are passed unread: only a code must be there.
    if (left < longestCode) {
      bits = peek(bytes, position);
      left = peekedBits;
    }
    const entry: u32 = load<u16>(decoder + ((<usize>(bits >> (64 - multiBits))) << 1));
    let taken = entry & 31;
    const after = k + ((entry >> 5) & 0x3ff);
    if (entry !== 0 && after <= 64) {
      k = entry >= 0x8000 ? 64 : after;
    } else {
      // One symbol at a time: its code is long, or the block ends within the symbols looked up.
      const symbol = symbolAt(decoder, <u32>(bits >> 48));
      taken = (symbol >> 8) + (symbol & 15);
      k = afterSymbol(k, symbol);
      if (k >= firstFault) return k;
    }
    position += taken;
    bits <<= taken;
    left -= taken;
  }
  return position;
}

/**
 * The coefficient behind a symbol of `symbolAt` that begins at coefficient `k`; 64 or more ends the block.
 */
export function afterSymbol(k: u32, symbol: u32): u32 {
  if (symbol === 0) return noCode;
  const runSize = symbol & 255;
  if (runSize === 0) return 64;
  if ((runSize & 15) === 0 && runSize !== 0xf0) return notSequential;
  const after = k + (runSize >> 4) + 1;
  return after > 64 ? tooMany : after;
}

/**
 * Reads the 63 AC coefficients of a block.
 *
 * @param coefficients 64 of 16 bits in zigzag order; the first becomes 0.
 * @returns the position behind them, or a fault.
 */
export function readAc(bytes: usize, from: u32, decoder: usize, coefficients: usize): u32 {
  memory.fill(coefficients, 0, 128);
  let position = from;
  let k: u32 = 1;
  while (k < 64) {
    const bits = peek(bytes, position);
    const entry = symbolAt(decoder, <u32>(bits >> 48));
    k = afterSymbol(k, entry);
    if (k >= firstFault) return k;
    const length = entry >> 8;
    const size = entry & 15;
    if (size > 0) store<i16>(coefficients + 2 * (k - 1), <i16>signed(bits << length, size));
    position += length + size;
  }
  return position;
}
