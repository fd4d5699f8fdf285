import { codeLengths, lengthsScratchBytes } from './huffman-lengths';

/** Where bits of a deflate stream go. */
@unmanaged
export class Bits {
  held: u64;
  /** Below 8 between tokens. */
  count: u32;
  /** The next byte. */
  out: u32;
}

// Where the parts of {@link writeBlock}'s scratch memory begin: frequencies and codes of literals and
// distances, lengths of both in a row, those lengths as they are stored, and the code of these.
const literalsMost: usize = 288;
const distancesMost: usize = 32;
const frequenciesAt: usize = 0;
const distanceFrequenciesAt: usize = 4 * literalsMost;
const codesAt: usize = distanceFrequenciesAt + 4 * distancesMost;
const distanceCodesAt: usize = codesAt + 4 * literalsMost;
const lengthsAt: usize = distanceCodesAt + 4 * distancesMost;
const storedAt: usize = lengthsAt + 320;
const orderFrequenciesAt: usize = storedAt + 4 * 320;
const orderCodesAt: usize = orderFrequenciesAt + 4 * 20;
const orderLengthsAt: usize = orderCodesAt + 4 * 20;
const treeAt: usize = orderLengthsAt + 32;
export const blockScratchBytes: usize = treeAt + lengthsScratchBytes;

const endOfBlock: u32 = 256;
const longestCode: u32 = 15;
const longestOrder: u32 = 7;
const orderSymbols: usize = 19;
const lengthOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

function put(bits: Bits, value: u32, count: u32): void {
  bits.held |= (value as u64) << (bits.count as u64);
  bits.count += count;
}

/** Moves whole bytes to the output. Stores 8 bytes. */
export function flush(bits: Bits): void {
  store<u64>(bits.out, bits.held);
  bits.out += bits.count >> 3;
  bits.held >>= (bits.count & ~7) as u64;
  bits.count &= 7;
}

/** Symbol of a length, from 0 for 3 on; 28 for 258. @see RFC 1951, 3.2.5 */
function lengthSymbol(length: u32): u32 {
  const above = length - 3;
  if (length === 258) return 28;
  if (above < 8) return above;
  const extra = 29 - clz<u32>(above);
  return (extra << 2) + 4 + ((above >> extra) & 3);
}

function lengthExtra(symbol: u32): u32 {
  return symbol < 8 || symbol === 28 ? 0 : (symbol >> 2) - 1;
}

function distanceSymbol(distance: u32): u32 {
  const above = distance - 1;
  if (above < 4) return above;
  const extra = 30 - clz<u32>(above);
  return (extra << 1) + 2 + ((above >> extra) & 1);
}

function distanceExtra(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/**
 * Writes one block with codes of its own. It is not the last of its stream.
 *
 * @param from the bytes of the block. @param sequences `to` / 8 pairs of 32 bits, each a number of literals
 * and the match behind them as `distance << 16 | length`; of the last the match may be 0.
 * @param scratch `blockScratchBytes`.
 * @see RFC 1951, 3.2.7
 */
export function writeBlock(bits: Bits, from: usize, sequences: usize, to: usize, scratch: usize): void {
  memory.fill(scratch, 0, codesAt);
  countSymbols(from, sequences, to, scratch);
  const lengths = scratch + lengthsAt;
  codeLengths(scratch + frequenciesAt, lengths, 286, longestCode, scratch + treeAt);
  codeLengths(scratch + distanceFrequenciesAt, lengths + 286, 30, longestCode, scratch + treeAt);
  makeCodes(lengths, scratch + codesAt, 286);
  makeCodes(lengths + 286, scratch + distanceCodesAt, 30);
  writeHead(bits, lengths, scratch);
  writeTokens(bits, from, sequences, to, scratch);
}

function countOne(frequencies: usize, symbol: u32): void {
  const at = frequencies + (symbol << 2);
  store<u32>(at, load<u32>(at) + 1);
}

function countSymbols(from: usize, sequences: usize, to: usize, scratch: usize): void {
  const frequencies = scratch + frequenciesAt;
  let at = from;
  for (let sequence = sequences; sequence < to; sequence += 8) {
    for (const end = at + load<u32>(sequence); at < end; at++) countOne(frequencies, load<u8>(at));
    const match = load<u32>(sequence, 4);
    if (match === 0) continue;
    const length = match & 0xffff;
    countOne(frequencies, 257 + lengthSymbol(length));
    countOne(scratch + distanceFrequenciesAt, distanceSymbol(match >> 16));
    at += length;
  }
  countOne(frequencies, endOfBlock);
  atLeastTwo(frequencies);
  atLeastTwo(scratch + distanceFrequenciesAt);
}

/** Some decoders refuse a code of one symbol: it is incomplete. */
function atLeastTwo(frequencies: usize): void {
  for (let symbol: u32 = 0; symbol < 2; symbol++) {
    if (load<u32>(frequencies + (symbol << 2)) === 0) countOne(frequencies, symbol);
  }
}

/** Lengths -> codes as `length << 16 | code`, the first bit lowest. @see RFC 1951, 3.2.2 */
function makeCodes(lengths: usize, codes: usize, symbols: usize): void {
  let code: u32 = 0;
  for (let length: u32 = 1; length <= longestCode; length++) {
    for (let symbol: usize = 0; symbol < symbols; symbol++) {
      if (load<u8>(lengths + symbol) !== length) continue;
      store<u32>(codes + (symbol << 2), (length << 16) | reversed(code, length));
      code++;
    }
    code <<= 1;
  }
}

function reversed(code: u32, length: u32): u32 {
  let out: u32 = 0;
  for (let bit: u32 = 0; bit < length; bit++) out |= ((code >> bit) & 1) << (length - 1 - bit);
  return out;
}

function writeHead(bits: Bits, lengths: usize, scratch: usize): void {
  let literals: u32 = 286;
  while (load<u8>(lengths + literals - 1) === 0) literals--;
  let distances: u32 = 30;
  while (load<u8>(lengths + 286 + distances - 1) === 0) distances--;
  memory.copy(lengths + literals, lengths + 286, distances);
  const stored = scratch + storedAt;
  const storedEnd = shorten(lengths, literals + distances, stored);
  const frequencies = scratch + orderFrequenciesAt;
  memory.fill(frequencies, 0, 4 * orderSymbols);
  for (let at = stored; at < storedEnd; at += 4) countOne(frequencies, load<u32>(at) & 31);
  atLeastTwo(frequencies);
  const orders = scratch + orderLengthsAt;
  codeLengths(frequencies, orders, orderSymbols, longestOrder, scratch + treeAt);
  makeCodes(orders, scratch + orderCodesAt, orderSymbols);
  let count: u32 = 19;
  while (load<u8>(orders + load<u8>(lengthOrder + count - 1)) === 0) count--;
  put(bits, 0b100, 3);
  put(bits, literals - 257, 5);
  put(bits, distances - 1, 5);
  put(bits, count - 4, 4);
  flush(bits);
  for (let i: u32 = 0; i < count; i++) {
    put(bits, load<u8>(orders + load<u8>(lengthOrder + i)), 3);
    flush(bits);
  }
  for (let at = stored; at < storedEnd; at += 4) {
    const symbol = load<u32>(at) & 31;
    putCode(bits, scratch + orderCodesAt, symbol);
    if (symbol > 15) put(bits, load<u32>(at) >> 5, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
    flush(bits);
  }
}

/** Writes lengths as symbols `extra << 5 | symbol`, repeated ones in short. @returns the end. */
function shorten(lengths: usize, count: usize, to: usize): usize {
  let out = to;
  for (let i: usize = 0; i < count; ) {
    const value = load<u8>(lengths + i) as u32;
    let times: u32 = 1;
    while (i + times < count && load<u8>(lengths + i + times) === value) times++;
    i += times;
    if (value !== 0) {
      store<u32>(out, value);
      out += 4;
      times--;
    }
    out = repeats(value, times, out);
  }
  return out;
}

function repeats(value: u32, count: u32, to: usize): usize {
  let out = to;
  let left = count;
  const most: u32 = value === 0 ? 138 : 6;
  while (left >= 3) {
    const times = min(left, most);
    const symbol: u32 = value !== 0 ? 16 : times < 11 ? 17 : 18;
    store<u32>(out, ((times - (symbol === 18 ? 11 : 3)) << 5) | symbol);
    out += 4;
    left -= times;
  }
  for (; left > 0; left--, out += 4) store<u32>(out, value);
  return out;
}

function putCode(bits: Bits, codes: usize, symbol: u32): void {
  const code = load<u32>(codes + (symbol << 2));
  put(bits, code & 0xffff, code >> 16);
}

function writeTokens(bits: Bits, from: usize, sequences: usize, to: usize, scratch: usize): void {
  const codes = scratch + codesAt;
  let at = from;
  for (let sequence = sequences; sequence < to; sequence += 8) {
    writeLiterals(bits, at, load<u32>(sequence), codes);
    at += load<u32>(sequence);
    const match = load<u32>(sequence, 4);
    if (match === 0) continue;
    writeMatch(bits, match & 0xffff, match >> 16, codes);
    at += match & 0xffff;
  }
  putCode(bits, codes, endOfBlock);
  flush(bits);
}

/** Three codes have at most 45 bits, and up to 7 are held. */
function writeLiterals(bits: Bits, from: usize, count: usize, codes: usize): void {
  let held = bits.held;
  let many = bits.count as u64;
  let out: usize = bits.out;
  const end = from + count;
  for (let at = from; at < end; ) {
    for (const stop = min(at + 3, end); at < stop; at++) {
      const code = load<u32>(codes + ((load<u8>(at) as usize) << 2)) as u64;
      held |= (code & 0xffff) << many;
      many += code >> 16;
    }
    store<u64>(out, held);
    out += (many >> 3) as usize;
    held >>= many & ~7;
    many &= 7;
  }
  bits.held = held;
  bits.count = many as u32;
  bits.out = out as u32;
}

/** A match has at most 48 bits. */
function writeMatch(bits: Bits, length: u32, distance: u32, codes: usize): void {
  const symbol = lengthSymbol(length);
  putCode(bits, codes, 257 + symbol);
  const more = lengthExtra(symbol);
  put(bits, (length - 3) & ((1 << more) - 1), more);
  const far = distanceSymbol(distance);
  putCode(bits, codes + (distanceCodesAt - codesAt), far);
  const farMore = distanceExtra(far);
  put(bits, (distance - 1) & ((1 << farMore) - 1), farMore);
  flush(bits);
}
