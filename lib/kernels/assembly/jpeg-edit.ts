import {
  afterSymbol,
  dcTooLarge,
  firstFault,
  peek,
  readAc,
  readDc,
  skipAc,
  symbolAt,
  truncated,
} from './jpeg-bits';
import {
  blockBytes,
  blocksOf,
  bytesOf,
  dataEndOf,
  firstBlockAt,
  keepFault,
  lastStartOf,
  moveTo,
  positionOf,
} from './jpeg-reader';
import { emit, emitAc, emitValue, finishBits, hasRoom, isCounting, isFull, put } from './jpeg-writer';

// An edit, in words: the scan, the writer; what was added to the last DC value of each of 4 components,
// which the next difference must take back; then as below.
const scanAt: usize = 0;
const writerAt: usize = 4;
const owedAt: usize = 16;
const mcusWideAt: usize = 32;
/** Every symbol is coded again, for another table. */
const isRecodingAt: usize = 36;
/** Rectangles of changes: how many, and where; each is the words below. */
const patchesAt: usize = 40;
const firstPatchAt: usize = 44;
/** Where the encoders of each block of an MCU are named, two words each. */
const encodersAt: usize = 48;
/** Room for the coefficients of a block and for their changes, 128 bytes each. */
const scratchAt: usize = 64;

const patchBytes: usize = 32;
const largestAc: i16 = 1023;
const largestDc: i32 = 2047;

/** Ends a scan or restart interval. @see `finishBits`. */
export function endBits(writer: usize): void {
  finishBits(writer);
}

/**
 * Copies bits from the reader's position up to bit `to` of its buffer; the two need not be aligned alike.
 *
 * The writer has room for twice as many and 16 bytes.
 */
export function copyBits(scan: usize, writer: usize, to: u32): void {
  copyRange(writer, bytesOf(scan), positionOf(scan), to);
  moveTo(scan, to);
}

function copyRange(writer: usize, bytes: usize, from: u32, to: u32): void {
  let at = from;
  for (; at + 32 <= to; at += 32) put(writer, peek(bytes, at) >> 32, 32);
  if (at < to) put(writer, peek(bytes, at) >> (64 - (to - at)), to - at);
}

/**
 * Writes up to `count` MCUs from the reader's position on, with their changes.
 *
 * Bits of untouched blocks are copied. A touched block is decoded, changed and coded again, and the DC
 * difference of the block that follows it in its component is corrected.
 *
 * @param first the number of the MCU at the position.
 * @returns how many were written; fewer when the buffer must be filled or the output taken first, when a
 *   table is full, or at a fault, which is kept.
 */
export function editMcus(edit: usize, first: u32, count: u32): u32 {
  const scan = load<usize>(edit, scanAt);
  const writer = load<usize>(edit, writerAt);
  const lastStart = lastStartOf(scan);
  let position = positionOf(scan);
  let done: u32 = 0;
  for (; done < count && position <= lastStart && hasRoom(writer) && !isVoid(edit); done++) {
    const after = editMcu(edit, position, first + done);
    const fault = after < firstFault && after > dataEndOf(scan) ? truncated : after;
    if (fault >= firstFault) {
      keepFault(scan, fault);
      return done;
    }
    position = after;
  }
  moveTo(scan, position);
  return done;
}

function isVoid(edit: usize): bool {
  const encoders = load<usize>(edit, encodersAt);
  const count = 2 * blocksOf(load<usize>(edit, scanAt));
  for (let i = 0; i < count; i++) if (isFull(load<usize>(encoders + 4 * i))) return true;
  return false;
}

function editMcu(edit: usize, from: u32, mcu: u32): u32 {
  const scan = load<usize>(edit, scanAt);
  const count = blocksOf(scan);
  const mcusWide = load<u32>(edit, mcusWideAt);
  let position = from;
  let copied = from;
  for (let i = 0; i < count; i++) {
    const block = scan + firstBlockAt + blockBytes * i;
    const owed = edit + owedAt + 4 * load<u32>(block, 8);
    const isTouched = addDeltas(edit, block, mcu % mcusWide, mcu / mcusWide);
    if (isTouched || load<i32>(owed) !== 0 || load<u32>(edit, isRecodingAt) !== 0) {
      copyUnchanged(edit, copied, position);
      const dc = readDc(bytesOf(scan), position, load<usize>(block));
      position = editBlock(edit, i, dc, isTouched);
      // The AC symbols of a block whose DC alone is corrected are copied with what follows.
      copied = isTouched || load<u32>(edit, isRecodingAt) !== 0 ? position : <u32>(dc >> 32);
    } else {
      position = skipBlock(scan, block, position);
    }
    if (position >= firstFault) return position;
  }
  copyUnchanged(edit, copied, position);
  return position;
}

function copyUnchanged(edit: usize, from: u32, to: u32): void {
  const writer = load<usize>(edit, writerAt);
  if (isCounting(writer) || load<u32>(edit, isRecodingAt) !== 0) return;
  copyRange(writer, bytesOf(load<usize>(edit, scanAt)), from, to);
}

function skipBlock(scan: usize, block: usize, position: u32): u32 {
  const behind = <u32>(readDc(bytesOf(scan), position, load<usize>(block)) >> 32);
  return behind >= firstFault ? behind : skipAc(bytesOf(scan), behind, load<usize>(block, 4));
}

/**
 * Codes a block again: with its changes, or with its DC difference corrected. @returns the position behind.
 */
function editBlock(edit: usize, index: i32, dc: u64, isTouched: bool): u32 {
  const scan = load<usize>(edit, scanAt);
  const writer = load<usize>(edit, writerAt);
  const block = scan + firstBlockAt + blockBytes * index;
  const owed = edit + owedAt + 4 * load<u32>(block, 8);
  const encoders = load<usize>(edit, encodersAt) + 8 * index;
  const position = <u32>(dc >> 32);
  if (position >= firstFault) return position;
  const coefficients = edit + scratchAt;
  const added: i32 = isTouched ? load<i16>(coefficients, 128) : 0;
  const difference = <i32>dc + added - load<i32>(owed);
  if (difference < -largestDc || difference > largestDc) return dcTooLarge;
  emitValue(writer, load<usize>(encoders), 0, difference);
  store<i32>(owed, added);
  const decoder = load<usize>(block, 4);
  const encoder = load<usize>(encoders, 4);
  if (!isTouched) {
    if (load<u32>(edit, isRecodingAt) === 0) return skipAc(bytesOf(scan), position, decoder);
    return recodeAc(writer, encoder, bytesOf(scan), position, decoder);
  }
  const after = readAc(bytesOf(scan), position, decoder, coefficients);
  if (after >= firstFault) return after;
  applyDeltas(coefficients);
  emitAc(writer, encoder, coefficients);
  return after;
}

/** Adds up the changes of a block behind the coefficients; false when there are none. */
function addDeltas(edit: usize, block: usize, mcuColumn: u32, mcuRow: u32): bool {
  const place = load<u32>(block, 12);
  const column: u32 = mcuColumn * ((place >> 16) & 255) + (place & 255);
  const row: u32 = mcuRow * (place >> 24) + ((place >> 8) & 255);
  const into = edit + scratchAt + 128;
  let patch = load<usize>(edit, firstPatchAt);
  const end = patch + patchBytes * load<u32>(edit, patchesAt);
  let isTouched = false;
  for (; patch < end; patch += patchBytes) {
    // As whole numbers without a sign, what lies before the rectangle lies far behind it.
    const x = column - load<u32>(patch, 4);
    const y = row - load<u32>(patch, 8);
    if (load<u32>(patch) !== load<u32>(block, 8) || x >= load<u32>(patch, 12) || y >= load<u32>(patch, 16))
      continue;
    const at: usize = y * load<u32>(patch, 12) + x;
    if (load<u8>(load<usize>(patch, 24) + at) === 0) continue;
    const from = load<usize>(patch, 20) + 128 * at;
    if (!isTouched) memory.fill(into, 0, 128);
    isTouched = true;
    for (let i: usize = 0; i < 128; i += 16)
      v128.store(into + i, v128.add<i16>(v128.load(into + i), v128.load(from + i)));
  }
  return isTouched;
}

/** Changes AC coefficients, up to 10 bits and sign or what they had. @see ITU-T T.81, F.1.2. */
function applyDeltas(coefficients: usize): void {
  const usual = v128.splat<i16>(largestAc);
  for (let i: usize = 0; i < 128; i += 16) {
    const value = v128.load(coefficients + i);
    const limit = v128.max<i16>(usual, v128.abs<i16>(value));
    const sum = v128.add_sat<i16>(value, v128.load(coefficients + i, 128));
    v128.store(coefficients + i, v128.max<i16>(v128.neg<i16>(limit), v128.min<i16>(limit, sum)));
  }
}

/** Passes the AC symbols of a block on. @returns the position behind them, or a fault. */
function recodeAc(writer: usize, encoder: usize, bytes: usize, from: u32, decoder: usize): u32 {
  let position = from;
  let k: u32 = 1;
  while (k < 64) {
    const bits = peek(bytes, position);
    const entry = symbolAt(decoder, <u32>(bits >> 48));
    k = afterSymbol(k, entry);
    if (k >= firstFault) return k;
    const length = entry >> 8;
    const size = entry & 15;
    const extra = size === 0 ? 0 : <u32>((bits << length) >> (64 - size));
    emit(writer, encoder, entry & 255, extra, size);
    position += length + size;
  }
  return position;
}
