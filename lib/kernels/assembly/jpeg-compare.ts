import { firstFault, peek, readAc, readDc, skipAc, truncated } from './jpeg-bits';
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

// A comparison, in words: the two scans; the blocks that differ so far; the DC value of the last block in
// `b` less that in `a`, for 4 components; then room for the coefficients of two blocks.
const scanAAt: usize = 0;
const scanBAt: usize = 4;
const differingAt: usize = 8;
const gapAt: usize = 16;
const scratchAt: usize = 32;

/** Bits compared at once; a load holds as many wherever in a byte it begins. */
const loadBits: u32 = 56;

/**
 * Counts how many of `count` bits from the positions of two readers on are equal. Both buffers hold as many.
 *
 * Neither reader moves.
 */
export function equalBits(a: usize, b: usize, count: u32): u32 {
  const bytesA = bytesOf(a);
  const bytesB = bytesOf(b);
  const fromA = positionOf(a);
  const fromB = positionOf(b);
  for (let at: u32 = 0; at < count; at += loadBits) {
    const difference = peek(bytesA, fromA + at) ^ peek(bytesB, fromB + at);
    if (difference >> (64 - loadBits) === 0) continue;
    return min<u32>(count, at + <u32>clz<u64>(difference));
  }
  return count;
}

/**
 * Decodes up to `count` MCUs of two scans in step, and counts the blocks that differ and are not masked.
 *
 * @param masks for each MCU 16 bits: bit `i` is set where block `i` of it may differ.
 * @returns how many MCUs were compared; fewer when a buffer must be filled first, or at a fault, which the
 *   scan keeps that has it.
 */
export function compareMcus(pair: usize, masks: usize, count: u32): u32 {
  const a = load<usize>(pair, scanAAt);
  const b = load<usize>(pair, scanBAt);
  let done: u32 = 0;
  for (; done < count; done++) {
    if (positionOf(a) > lastStartOf(a) || positionOf(b) > lastStartOf(b)) break;
    if (!compareMcu(pair, load<u16>(masks + 2 * done))) break;
    if (isBeyond(a) || isBeyond(b)) break;
  }
  return done;
}

function isBeyond(scan: usize): bool {
  if (positionOf(scan) <= dataEndOf(scan)) return false;
  keepFault(scan, truncated);
  return true;
}

/** Compares the next MCU and moves both readers behind it; false at a fault. */
function compareMcu(pair: usize, mask: u32): bool {
  const a = load<usize>(pair, scanAAt);
  const b = load<usize>(pair, scanBAt);
  const count = blocksOf(a);
  for (let i = 0; i < count; i++) {
    const block = firstBlockAt + blockBytes * i;
    const valueA = nextDc(a, block);
    const valueB = nextDc(b, block);
    const gap = pair + gapAt + 4 * load<u32>(a + block, 8);
    store<i32>(gap, load<i32>(gap) + valueB - valueA);
    const mayDiffer = ((mask >> i) & 1) !== 0;
    nextAc(a, block, mayDiffer, pair + scratchAt);
    nextAc(b, block, mayDiffer, pair + scratchAt + 128);
    if (positionOf(a) >= firstFault || positionOf(b) >= firstFault) return false;
    if (mayDiffer || (load<i32>(gap) === 0 && areSame(pair + scratchAt))) continue;
    store<u32>(pair, load<u32>(pair, differingAt) + 1, differingAt);
  }
  return true;
}

/** Reads a DC difference and moves on; a position that is a fault says that there is none. */
function nextDc(scan: usize, block: usize): i32 {
  const position = positionOf(scan);
  if (position >= firstFault) return 0;
  const dc = readDc(bytesOf(scan), position, load<usize>(scan + block));
  arrive(scan, <u32>(dc >> 32));
  return <i32>dc;
}

function nextAc(scan: usize, block: usize, isSkipped: bool, coefficients: usize): void {
  const position = positionOf(scan);
  if (position >= firstFault) return;
  const decoder = load<usize>(scan + block, 4);
  const bytes = bytesOf(scan);
  arrive(scan, isSkipped ? skipAc(bytes, position, decoder) : readAc(bytes, position, decoder, coefficients));
}

function arrive(scan: usize, position: u32): void {
  if (position >= firstFault) keepFault(scan, position);
  moveTo(scan, position);
}

/** True when two blocks behind one another have the same coefficients. */
function areSame(coefficients: usize): bool {
  let different = v128.splat<i32>(0);
  for (let i: usize = 0; i < 128; i += 16) {
    const ofA = v128.load(coefficients + i);
    const ofB = v128.load(coefficients + i, 128);
    different = v128.or(different, v128.xor(ofA, ofB));
  }
  return !v128.any_true(different);
}
