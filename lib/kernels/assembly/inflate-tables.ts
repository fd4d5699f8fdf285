/** Bits of the first look-up of a code; longer codes go on in a second table. */
export const literalLook: u32 = 11;
export const distanceLook: u32 = 8;
const orderLook: u32 = 7;

// Where tables begin in the state of a stream. First and second tables together have at most 2342 and 402
// entries, as examples/enough.c of zlib counts them.
export const literalsAt: usize = 128;
export const distancesAt: usize = literalsAt + 4 * 2342;
export const ordersAt: usize = distancesAt + 4 * 402;
const countsAt: usize = ordersAt + 4 * 128;
const offsetsAt: usize = countsAt + 4 * 16;
const sortedAt: usize = offsetsAt + 4 * 17;
/** Code lengths, of literals and distances; 320 bytes. */
export const lengthsAt: usize = sortedAt + 2 * 288;

// An entry. Bits 0 to 7: the bits of the code and the extra bits behind it; 8 to 15: those of the code alone;
// from 16 on the base of a length, or the number of a distance. Of literals: 8 to 23 hold one or two, 24 and
// 25 how many. To a second table: its first entry from bit 16 on, 8 to 15 how many bits it is looked up by.
export const isLiteral: u32 = 1 << 31;
export const isEnd: u32 = 1 << 30;
export const isSecond: u32 = 1 << 29;
export const isBad: u32 = 1 << 28;
/** Not a literal, length or distance at the first look. */
export const isOther: u32 = isEnd | isSecond | isBad;

/** `base << 8 | extra bits`. @see RFC 1951, 3.2.5 */
export const lengthCodes = memory.data<u32>([
  0x300, 0x400, 0x500, 0x600, 0x700, 0x800, 0x900, 0xa00, 0xb01, 0xd01, 0xf01, 0x1101, 0x1302, 0x1702, 0x1b02,
  0x1f02, 0x2303, 0x2b03, 0x3303, 0x3b03, 0x4304, 0x5304, 0x6304, 0x7304, 0x8305, 0xa305, 0xc305, 0xe305,
  0x10200,
]);
export const distanceCodes = memory.data<u32>([
  0x100, 0x200, 0x300, 0x400, 0x501, 0x701, 0x902, 0xd02, 0x1103, 0x1903, 0x2104, 0x3104, 0x4105, 0x6105,
  0x8106, 0xc106, 0x10107, 0x18107, 0x20108, 0x30108, 0x40109, 0x60109, 0x8010a, 0xc010a, 0x10010b, 0x18010b,
  0x20010c, 0x30010c, 0x40010d, 0x60010d,
]);

/**
 * Builds the look-ups of a canonical code from the lengths of its symbols.
 *
 * @param at `literalsAt`, `distancesAt` or `ordersAt`: which code.
 * @returns false for more codes than the lengths allow, and for fewer: but one code of one bit, and none at
 * all, are allowed, as zlib does.
 */
export function buildTable(state: usize, lengths: usize, symbols: u32, at: usize): bool {
  const table = state + at;
  const look = at === literalsAt ? literalLook : at === distancesAt ? distanceLook : orderLook;
  const left = countLengths(state, lengths, symbols);
  if (left < 0) return false;
  let most: u32 = 15;
  while (most > 0 && countOf(state, most) === 0) most--;
  if (left > 0) {
    if (most > 1 || at === ordersAt) return false;
    for (let i: u32 = 0; i < 1 << look; i++) store<u32>(table + (i << 2), isBad);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol) as usize;
    if (length === 0) continue;
    const offset = state + offsetsAt + (length << 2);
    const place = load<u32>(offset);
    store<u32>(offset, place + 1);
    store<u16>(state + sortedAt + (place << 1), symbol as u16);
  }
  fillTable(state, table, look, most);
  return true;
}

function countOf(state: usize, length: u32): u32 {
  return load<u32>(state + countsAt + (length << 2));
}

/** Counts symbols by length and where each length begins among them; returns how much of the code is left. */
function countLengths(state: usize, lengths: usize, symbols: u32): i32 {
  memory.fill(state + countsAt, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = state + countsAt + ((load<u8>(lengths + symbol) as usize) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  store<u32>(state + countsAt, 0);
  store<u32>(state + offsetsAt, 0, 4);
  let left: i32 = 1;
  for (let length: u32 = 1; length <= 15; length++) {
    const count = countOf(state, length);
    left = (left << 1) - (count as i32);
    if (left < 0) return left;
    const offset = state + offsetsAt + (length << 2);
    store<u32>(offset, load<u32>(offset) + count, 4);
  }
  return left;
}

/** Fills the tables in the order of codes. The first bit of a code is its lowest. */
function fillTable(state: usize, table: usize, look: u32, most: u32): void {
  let code: u32 = 0;
  let place = state + sortedAt;
  let prefix: u32 = u32.MAX_VALUE;
  let next: u32 = 1 << look;
  let deep: usize = 0;
  let deepBits: u32 = 0;
  for (let length: u32 = 1; length <= most; length++) {
    for (let count = countOf(state, length); count > 0; count--) {
      const symbol = load<u16>(place) as u32;
      place += 2;
      if (length <= look) {
        fill(table, code, entryOf(table - state, symbol, length), length, look);
      } else {
        const low = code & ((1 << look) - 1);
        if (low !== prefix) {
          prefix = low;
          deepBits = deepBitsOf(state, length, look, most, count);
          store<u32>(table + (low << 2), isSecond | (next << 16) | (deepBits << 8));
          deep = table + (next << 2);
          next += 1 << deepBits;
        }
        fill(deep, code >> look, entryOf(table - state, symbol, length - look), length - look, deepBits);
      }
      code = following(code, length);
    }
  }
}

function fill(table: usize, code: u32, entry: u32, length: u32, bits: u32): void {
  for (let i = code; i < 1 << bits; i += 1 << length) store<u32>(table + (i << 2), entry);
}

/** The next code of this length, or of longer ones. */
function following(code: u32, length: u32): u32 {
  let bit: u32 = 1 << (length - 1);
  let next = code;
  for (; next & bit; bit >>= 1) next ^= bit;
  return next | bit;
}

/** Bits of the second table that holds all codes with one beginning. */
function deepBitsOf(state: usize, length: u32, look: u32, most: u32, count: u32): u32 {
  let bits = length - look;
  let left: i32 = (1 << bits) - count;
  for (let at = length + 1; left > 0 && at <= most; at++) {
    bits++;
    left = (left << 1) - countOf(state, at);
  }
  return bits;
}

function entryOf(at: usize, symbol: u32, length: u32): u32 {
  if (at === ordersAt) return (symbol << 16) | length;
  if (at === distancesAt) {
    if (symbol >= 30) return isBad;
    const more = load<u32>(distanceCodes + (symbol << 2)) & 255;
    return (symbol << 16) | (length << 8) | (length + more);
  }
  if (symbol < 256) return isLiteral | (1 << 24) | (symbol << 8) | length;
  if (symbol === 256) return isEnd | length;
  if (symbol > 285) return isBad;
  const code = load<u32>(lengthCodes + ((symbol - 257) << 2));
  return ((code >> 8) << 16) | (length << 8) | (length + (code & 255));
}

/** Joins two literals whose codes fit one look-up. From the top, as each looks at an entry below. */
export function pairLiterals(state: usize): void {
  const table = state + literalsAt;
  for (let i: i32 = (1 << literalLook) - 1; i >= 0; i--) {
    const entry = load<u32>(table + (i << 2));
    const bits = entry & 255;
    if (!(entry & isLiteral)) continue;
    const other = load<u32>(table + ((i >> bits) << 2));
    const sum = bits + (other & 255);
    if (!(other & isLiteral) || sum > literalLook) continue;
    const both = ((other & 0xff00) << 8) | (entry & 0xff00);
    store<u32>(table + (i << 2), isLiteral | (2 << 24) | both | sum);
  }
}
