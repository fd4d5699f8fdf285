import {
  buildTable,
  distanceCodes,
  distanceLook,
  distancesAt,
  isBad,
  isEnd,
  isLiteral,
  isOther,
  isSecond,
  lengthsAt,
  literalLook,
  literalsAt,
  ordersAt,
  pairLiterals,
} from './inflate-tables';

/** The state of a stream between calls: 32-bit numbers at these offsets, then the tables of its block. */
@unmanaged
class Stream {
  /** The next bit, from the first byte of the input. */
  bit: u32;
  input: u32;
  inputEnd: u32;
  /** 1 when no input follows. */
  isWhole: u32;
  out: u32;
  outEnd: u32;
  /** The first byte that a match may refer to. */
  oldest: u32;
  /**
   * Where the next match is noted as `position, distance << 16 | length`, with length 0 the beginning of a
   * block; 0 for nowhere.
   */
  matches: u32;
  /** Where the next beginning of a block is noted as `bit, position`. */
  blocks: u32;
  /** Position of the last one noted. */
  noted: u32;
  mode: u32;
  isLastBlock: u32;
  storedLeft: u32;
  /** The bit at which the last block began. */
  head: u32;

  /** At least 57 bits from `bit` on, the next is the lowest; zeros behind the input's end. */
  @inline
  peek(bit: u32): u64 {
    const at: usize = this.input + (bit >> 3);
    if (at + 8 <= this.inputEnd) return load<u64>(at) >> ((bit & 7) as u64);
    return peekAtEnd(this, at) >> ((bit & 7) as u64);
  }

  @inline
  look(word: u64): u32 {
    const place = (word as u32) & ((1 << literalLook) - 1);
    return load<u32>(changetype<usize>(this) + literalsAt + (place << 2));
  }

  @inline
  putLiterals(out: usize, entry: u32): usize {
    store<u16>(out, (entry >> 8) as u16);
    return out + ((entry >> 24) & 3);
  }

  /** Follows an entry to its second table. */
  @inline
  second(table: usize, entry: u32, word: u64): u32 {
    const place = ((entry >> 16) & 4095) + ((word as u32) & ((1 << ((entry >> 8) & 255)) - 1));
    return load<u32>(changetype<usize>(this) + table + (place << 2));
  }

  /** Extra bits of a length or distance. */
  @inline
  extraOf(entry: u32, word: u64): u32 {
    const bits = (entry >> 8) & 255;
    return ((word >> (bits as u64)) as u32) & ((1 << ((entry & 255) - bits)) - 1);
  }

  /** Reads a distance and copies the match. @returns `bits << 32 | end of the match`; 0 for a fault. */
  @inline
  readMatch(bit: u32, out: usize, length: u32): u64 {
    const word = this.peek(bit);
    const place = (word as u32) & ((1 << distanceLook) - 1);
    let entry = load<u32>(changetype<usize>(this) + distancesAt + (place << 2));
    if (entry & isOther) entry = deepDistance(this, entry, word);
    const base = load<u32>(distanceCodes + (((entry >> 16) & 31) << 2)) >> 8;
    const distance: usize = base + this.extraOf(entry, word);
    if ((entry & isBad) !== 0 || out - this.oldest < distance) return 0;
    return (((entry & 255) as u64) << 32) | this.copyMatch(out, distance, length);
  }

  /** Copies a match, in steps of 16 bytes where it does not overlap itself, and notes it; returns its end. */
  @inline
  copyMatch(out: usize, distance: usize, length: u32): usize {
    if (this.matches !== 0) {
      this.out = out as u32;
      note(this, ((distance as u32) << 16) | length);
    }
    const stop = out + length;
    let to = out;
    if (distance >= slackBytes) {
      for (; to < stop; to += slackBytes) v128.store(to, v128.load(to - distance));
    } else repeatNear(to, distance, stop);
    return stop;
  }
}

/** Copies a match that overlaps itself. */
function repeatNear(from: usize, distance: usize, stop: usize): void {
  let to = from;
  if (distance === 1) {
    const value = v128.splat<u8>(load<u8>(to - 1));
    for (; to < stop; to += slackBytes) v128.store(to, value);
  } else {
    for (; to < stop; to++) store<u8>(to, load<u8>(to - distance));
  }
}

/** What {@link inflate} ended with. */
const wantsInput = 0;
const wantsRoom = 1;
const ended = 2;
const isDamaged = 3;
const endsEarly = 4;
const goesOn: u32 = 5;
const atBlockEnd: u32 = 6;

const atHead = 0;
const inStored = 1;
const inCodes = 2;
const atEnd = 3;

/** Beginnings of blocks nearer to each other than this are not noted. */
const noteBytes: u32 = 4096;
/** The head of a block takes fewer bytes; a token and the load of its bits too. */
const headBytes: u32 = 400;
const tokenBytes: u32 = 32;
const longestMatch: usize = 258;
/** Copies may write this many bytes too many, which the next token overwrites. */
const slackBytes: usize = 16;

/** The order in which lengths of the code of lengths are stored. */
const lengthOrder = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Bytes of the state that {@link inflate} needs. */
export function inflateStateBytes(): usize {
  return lengthsAt + 320;
}

/**
 * Inflates a deflate stream until input or room ends; what a block needs stays in the state between calls.
 *
 * As strict as zlib: what that refuses, this refuses. No load goes beyond the input. What was not used of the
 * input, from the byte of `bit` on, belongs in front of the next.
 *
 * @param state `inflateStateBytes`, all 0 for a new stream. `outEnd` leaves room for a match and 16 bytes.
 * @returns 0 for more input, 1 for more room, 2 at the stream's end, 3 damaged, 4 ends early.
 * @see RFC 1951
 */
export function inflate(state: usize): u32 {
  const stream = changetype<Stream>(state);
  let status: u32 = goesOn;
  while (status === goesOn) {
    if (stream.mode === atHead) status = readHead(stream);
    else if (stream.mode === inStored) status = copyStored(stream);
    else if (stream.mode === inCodes) status = readTokens(stream);
    else status = ended;
  }
  return status;
}

function peekAtEnd(stream: Stream, at: usize): u64 {
  let word: u64 = 0;
  for (let i: usize = 0; i < 8 && at + i < stream.inputEnd; i++)
    word |= (load<u8>(at + i) as u64) << ((i << 3) as u64);
  return word;
}

function isBehindEnd(stream: Stream, bit: u32): bool {
  return bit > (stream.inputEnd - stream.input) << 3;
}

/** True when the input may end within the next `bytes`, and more of it follows. */
function isShort(stream: Stream, bytes: u32): bool {
  return stream.isWhole === 0 && stream.input + (stream.bit >> 3) + bytes > stream.inputEnd;
}

function readHead(stream: Stream): u32 {
  if (isShort(stream, headBytes)) return wantsInput;
  stream.head = stream.bit;
  if (stream.out - stream.noted >= noteBytes) {
    store<u32>(stream.blocks, stream.bit);
    store<u32>(stream.blocks, stream.out, 4);
    stream.blocks += 8;
    stream.noted = stream.out;
    if (stream.matches !== 0) note(stream, 0);
  }
  const head = stream.peek(stream.bit) as u32;
  const kind = (head >> 1) & 3;
  stream.isLastBlock = head & 1;
  stream.bit += 3;
  if (isBehindEnd(stream, stream.bit)) return endsEarly;
  stream.mode = kind === 0 ? inStored : inCodes;
  if (kind === 0) return readStoredHead(stream);
  if (kind === 1) return useFixedCodes(changetype<usize>(stream));
  return kind === 2 ? readCodes(stream) : isDamaged;
}

function readStoredHead(stream: Stream): u32 {
  stream.bit = (stream.bit + 7) & ~7;
  const sizes = stream.peek(stream.bit) as u32;
  stream.bit += 32;
  if (isBehindEnd(stream, stream.bit)) return endsEarly;
  if ((sizes & 0xffff) !== ((sizes >> 16) ^ 0xffff)) return isDamaged;
  stream.storedLeft = sizes & 0xffff;
  return goesOn;
}

function copyStored(stream: Stream): u32 {
  const from: usize = stream.input + (stream.bit >> 3);
  const room = min<u32>(stream.outEnd - stream.out, stream.inputEnd - (from as u32));
  const size = min<u32>(stream.storedLeft, room);
  memory.copy(stream.out, from, size);
  stream.out += size;
  stream.bit += size << 3;
  stream.storedLeft -= size;
  if (stream.storedLeft === 0) return closeBlock(stream);
  if (stream.out === stream.outEnd) return wantsRoom;
  return stream.isWhole === 1 ? endsEarly : wantsInput;
}

function closeBlock(stream: Stream): u32 {
  if (isBehindEnd(stream, stream.bit)) return endsEarly;
  stream.mode = stream.isLastBlock === 1 ? atEnd : atHead;
  return goesOn;
}

function note(stream: Stream, match: u32): void {
  store<u32>(stream.matches, stream.out);
  store<u32>(stream.matches, match, 4);
  stream.matches += 8;
}

/** @see RFC 1951, 3.2.6 */
function useFixedCodes(state: usize): u32 {
  const lengths = state + lengthsAt;
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  memory.fill(lengths + 288, 5, 32);
  buildTable(state, lengths, 288, literalsAt);
  buildTable(state, lengths + 288, 32, distancesAt);
  pairLiterals(state);
  return goesOn;
}

/** Reads the codes at the head of a block. @see RFC 1951, 3.2.7 */
function readCodes(stream: Stream): u32 {
  const state = changetype<usize>(stream);
  const lengths = state + lengthsAt;
  const head = stream.peek(stream.bit) as u32;
  const literalCount = 257 + (head & 31);
  const distanceCount = 1 + ((head >> 5) & 31);
  const orderCount: u32 = 4 + ((head >> 10) & 15);
  stream.bit += 14;
  if (literalCount > 286 || distanceCount > 30)
    return isBehindEnd(stream, stream.bit) ? endsEarly : isDamaged;
  memory.fill(lengths, 0, 19);
  const orders = stream.peek(stream.bit);
  for (let i: u32 = 0; i < orderCount; i++) {
    store<u8>(lengths + load<u8>(lengthOrder + i), ((orders >> ((3 * i) as u64)) as u8) & 7);
  }
  stream.bit += 3 * orderCount;
  if (isBehindEnd(stream, stream.bit)) return endsEarly;
  if (!buildTable(state, lengths, 19, ordersAt)) return isDamaged;
  const status = readLengths(stream, lengths, literalCount + distanceCount);
  if (status !== goesOn) return status;
  if (!buildTable(state, lengths + literalCount, distanceCount, distancesAt)) return isDamaged;
  if (!buildTable(state, lengths, literalCount, literalsAt)) return isDamaged;
  pairLiterals(state);
  return goesOn;
}

/** By symbol: how many lengths it stands for at least, and the extra bits that tell how many more. */
const repeatTimes = memory.data<u8>([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 11]);
const repeatBits = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7]);

function repeated(symbol: u32, at: usize): u8 {
  if (symbol < 16) return symbol as u8;
  return symbol === 16 ? load<u8>(at - 1) : 0;
}

function readLengths(stream: Stream, lengths: usize, count: u32): u32 {
  const orders = changetype<usize>(stream) + ordersAt;
  let i: u32 = 0;
  while (i < count) {
    const word = stream.peek(stream.bit) as u32;
    const entry = load<u32>(orders + ((word & 127) << 2));
    const symbol = entry >> 16;
    const bits = entry & 255;
    const more = load<u8>(repeatBits + symbol) as u32;
    stream.bit += bits + more;
    if (isBehindEnd(stream, stream.bit)) return endsEarly;
    if (symbol === 16 && i === 0) return isDamaged;
    const times = load<u8>(repeatTimes + symbol) + ((word >> bits) & ((1 << more) - 1));
    if (i + times > count) return isDamaged;
    memory.fill(lengths + i, repeated(symbol, lengths + i), times);
    i += times;
  }
  return goesOn;
}

/** Reads tokens: with one load a match, or up to six literals. */
function readTokens(stream: Stream): u32 {
  const outLimit: usize = (stream.outEnd as usize) - longestMatch - slackBytes;
  const bitLimit = bitLimitOf(stream);
  let bit = stream.bit;
  let out: usize = stream.out;
  let status: u32 = goesOn;
  while (status === goesOn && out <= outLimit && bit <= bitLimit) {
    let word = stream.peek(bit);
    let entry = stream.look(word);
    for (let i = 0; i < 2 && (entry & isLiteral) !== 0; i++) {
      out = stream.putLiterals(out, entry);
      bit += entry & 255;
      word >>= (entry & 255) as u64;
      entry = stream.look(word);
    }
    if (entry & isLiteral) {
      out = stream.putLiterals(out, entry);
      bit += entry & 255;
    } else if (entry & isOther) {
      stream.out = out as u32;
      status = readOther(stream, entry, word, bit);
      bit = stream.bit;
      out = stream.out;
    } else {
      const length = (entry >> 16) + stream.extraOf(entry, word);
      bit += entry & 255;
      const end = stream.readMatch(bit, out, length);
      if (end === 0) status = faultAt(stream, bit);
      bit += (end >> 32) as u32;
      out = end as u32 as usize;
    }
  }
  stream.bit = bit;
  stream.out = out as u32;
  return finish(stream, status, out > outLimit);
}

function finish(stream: Stream, status: u32, isFull: bool): u32 {
  if (status === atBlockEnd) return closeBlock(stream);
  return status === goesOn ? wantOf(stream, isFull) : status;
}

function wantOf(stream: Stream, isFull: bool): u32 {
  if (isFull) return wantsRoom;
  return stream.isWhole === 1 ? endsEarly : wantsInput;
}

/** The last bit at which a token may begin. */
function bitLimitOf(stream: Stream): u32 {
  const bits = (stream.inputEnd - stream.input) << 3;
  if (stream.isWhole === 1) return bits;
  return bits > tokenBytes << 3 ? bits - (tokenBytes << 3) : 0;
}

/** The entry of a distance whose code is longer than the look-up; its bits include those. */
function deepDistance(stream: Stream, entry: u32, word: u64): u32 {
  if (entry & isBad) return entry;
  const deep = stream.second(distancesAt, entry, word >> (distanceLook as u64));
  return deep + ((distanceLook << 8) | distanceLook);
}

/** A token that is neither a match nor a literal with a short code. */
function readOther(stream: Stream, first: u32, from: u64, at: u32): u32 {
  let entry = first;
  let word = from;
  stream.bit = at;
  if (entry & isSecond) {
    word >>= literalLook as u64;
    entry = stream.second(literalsAt, entry, word);
    stream.bit += literalLook;
  }
  stream.bit += entry & 255;
  if (entry & isBad) return faultAt(stream, stream.bit);
  if (entry & isLiteral) {
    stream.out = stream.putLiterals(stream.out, entry) as u32;
    return goesOn;
  }
  return entry & isEnd ? atBlockEnd : readRareMatch(stream, (entry >> 16) + stream.extraOf(entry, word));
}

/** A match whose length has a long code. */
function readRareMatch(stream: Stream, length: u32): u32 {
  const end = stream.readMatch(stream.bit, stream.out, length);
  if (end === 0) return faultAt(stream, stream.bit);
  stream.bit += (end >> 32) as u32;
  stream.out = end as u32;
  return goesOn;
}

/** Bits behind the end are zeros, and may be no code. */
function faultAt(stream: Stream, bit: u32): u32 {
  return isBehindEnd(stream, bit + 28) ? endsEarly : isDamaged;
}
