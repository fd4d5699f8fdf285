// Entropy-coded bits as kernels write them: most significant bit first, FF becomes FF 00. A writer is
// words: the next address, the last address at which an MCU may begin, and the pending bits, which stand on
// top of 64.

const outAt: usize = 0;
const lastAt: usize = 4;
const pendingCountAt: usize = 8;
/** Symbols are counted instead of written. */
const isCountingAt: usize = 12;
const pendingAt: usize = 16;

// An encoder of one Huffman table: for each symbol `code << 8 | length`, 0 for none; then what it grows by;
// then how often each symbol was asked for, while they are counted.
const nextCodeAt: usize = 1024;
const isFullAt: usize = 1028;
const addedCountAt: usize = 1032;
const addedAt: usize = 1036;
const frequenciesAt: usize = 1292;

/** The code of all ones is reserved; the last usable one of 16 bits is one less. */
const lastCode: u32 = 0xfffe;
const longestCode: u32 = 16;

export function hasRoom(writer: usize): bool {
  return load<u32>(writer, outAt) <= load<u32>(writer, lastAt);
}

export function isCounting(writer: usize): bool {
  return load<u32>(writer, isCountingAt) !== 0;
}

/** Appends the low `count` (0..32) bits of `bits`, above which there are none. */
export function put(writer: usize, bits: u64, count: u32): void {
  let pending = load<u64>(writer, pendingAt);
  let total = load<u32>(writer, pendingCountAt) + count;
  pending |= bits << (64 - total);
  if (total >= 32) {
    store<usize>(writer, writeWord(load<usize>(writer, outAt), <u32>(pending >> 32)), outAt);
    pending <<= 32;
    total -= 32;
  }
  store<u64>(writer, pending, pendingAt);
  store<u32>(writer, total, pendingCountAt);
}

/** Writes 4 bytes, first the highest. @returns the address behind them. */
function writeWord(out: usize, word: u32): usize {
  if (((~word - 0x01010101) & word & 0x80808080) === 0) {
    store<u32>(out, bswap<u32>(word));
    return out + 4;
  }
  let next = out;
  for (let shift = 24; shift >= 0; shift -= 8) next = writeByte(next, (word >> shift) & 0xff);
  return next;
}

function writeByte(out: usize, byte: u32): usize {
  store<u8>(out, <u8>byte);
  if (byte !== 0xff) return out + 1;
  store<u8>(out, 0, 1);
  return out + 2;
}

/** Fills the last byte with ones, as T.81 F.1.2.3 asks, and writes all that is pending. */
export function finishBits(writer: usize): void {
  let total = load<u32>(writer, pendingCountAt);
  const missing = (8 - (total & 7)) & 7;
  if (missing > 0) put(writer, (1 << missing) - 1, missing);
  total = load<u32>(writer, pendingCountAt);
  const pending = load<u64>(writer, pendingAt);
  let out = load<usize>(writer, outAt);
  for (let done: u32 = 0; done < total; done += 8) out = writeByte(out, <u32>(pending >> (56 - done)) & 0xff);
  store<usize>(writer, out, outAt);
  store<u32>(writer, 0, pendingCountAt);
  store<u64>(writer, 0, pendingAt);
}

/**
 * Appends a symbol and its `size` (0..15) extra bits. A symbol that the table lacks is given a code of 16
 * bits behind all others; when none is left the encoder is full, and what was written is void.
 */
export function emit(writer: usize, encoder: usize, symbol: u32, extra: u32, size: u32): void {
  if (isCounting(writer)) {
    const frequency = encoder + frequenciesAt + 4 * symbol;
    store<u32>(frequency, load<u32>(frequency) + 1);
    return;
  }
  let entry = load<u32>(encoder + 4 * symbol);
  if (entry === 0) entry = addSymbol(encoder, symbol);
  put(writer, ((<u64>(entry >> 8)) << size) | extra, (entry & 255) + size);
}

function addSymbol(encoder: usize, symbol: u32): u32 {
  const code = load<u32>(encoder, nextCodeAt);
  if (code > lastCode) {
    store<u32>(encoder, 1, isFullAt);
    return 0;
  }
  const entry = (code << 8) | longestCode;
  const added = load<u32>(encoder, addedCountAt);
  store<u32>(encoder, code + 1, nextCodeAt);
  store<u32>(encoder + 4 * symbol, entry);
  store<u8>(encoder + addedAt + added, <u8>symbol);
  store<u32>(encoder, added + 1, addedCountAt);
  return entry;
}

export function isFull(encoder: usize): bool {
  return load<u32>(encoder, isFullAt) !== 0;
}

/** Appends a value with the zeros before it (at most 15) as one symbol. DC differences have none. */
export function emitValue(writer: usize, encoder: usize, run: u32, value: i32): void {
  const size = 32 - clz<u32>(abs<i32>(value));
  const extra = value < 0 ? value + (1 << size) - 1 : value;
  emit(writer, encoder, (run << 4) | size, extra, size);
}

/** Appends the 63 AC coefficients of a block. @param coefficients 64 of 16 bits, zigzag order. */
export function emitAc(writer: usize, encoder: usize, coefficients: usize): void {
  let left = nonZero(coefficients) & ~(<u64>1);
  let last: u32 = 0;
  while (left !== 0) {
    const k = <u32>ctz<u64>(left);
    let run = k - last - 1;
    for (; run > 15; run -= 16) emit(writer, encoder, 0xf0, 0, 0);
    emitValue(writer, encoder, run, load<i16>(coefficients + 2 * k));
    last = k;
    left &= left - 1;
  }
  if (last < 63) emit(writer, encoder, 0, 0, 0);
}

/** A bit for each of 64 coefficients, the first lowest. */
export function nonZero(coefficients: usize): u64 {
  const zero = v128.splat<i16>(0);
  let mask: u64 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const low = v128.ne<i16>(v128.load(coefficients + 32 * i), zero);
    const high = v128.ne<i16>(v128.load(coefficients + 32 * i, 16), zero);
    mask |= (<u64>v128.bitmask<i8>(v128.narrow<i16>(low, high))) << (16 * i);
  }
  return mask;
}
