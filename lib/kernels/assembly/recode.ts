import { Bits, blockScratchBytes, flush, writeBlock } from './deflate-block';

/** One stretch of bytes to write as deflate blocks, and the tokens that its old bytes were made of. */
@unmanaged
class Recoding extends Bits {
  /** The first byte that a match may refer to. */
  oldest: u32;
  from: u32;
  to: u32;
  /** `position, distance << 16 | length` of the old matches; length 0 where an old block begins. */
  matches: u32;
  matchesEnd: u32;
  /** `from, to` of stretches to which old tokens do not apply, in order. */
  zones: u32;
  zonesEnd: u32;
  /** What the address of a byte lacks to its position in the stream, modulo 2^32. */
  shift: u32;
  /** 8 bytes for each match that can be in the stretch, and one more. */
  sequences: u32;
  /** The end of what is written there. */
  sequencesEnd: u32;
  /** The first byte that no sequence holds. */
  open: u32;
  /** The first byte of the block that is being made. */
  block: u32;
  /** How far the new bytes lie from the old ones, which `matches` tells positions of. */
  moved: u32;
}

const scratchAt: usize = 128;
const hashAt: usize = scratchAt + ((blockScratchBytes + 15) & ~15);
const hashBits: u32 = 15;
/** A shorter match saves nothing against literals. */
const shortest: usize = 3;
/** Four bytes are hashed. */
const hashedBytes: usize = 4;
const longestMatch: usize = 258;
const windowBytes: u32 = 32768;
/** A block is not ended before it has so many bytes: its codes take some 80. */
const leastBlockBytes: u32 = 16384;

/** Bytes of the state that {@link recode} needs. */
export function recodeStateBytes(): usize {
  return hashAt + (4 << hashBits);
}

/**
 * Writes changed bytes as deflate blocks with the tokens of the old ones.
 *
 * Old matches are kept as far as they hold for the new bytes, which is compared. New ones are searched for
 * only in the zones that changed. Each block gets codes of its own.
 *
 * @param state `recodeStateBytes`, all 0 for a new stretch. Its output has room for 2 bytes for each byte and
 * 1024.
 * @see RFC 1951
 */
export function recode(state: usize): void {
  const recoding = changetype<Recoding>(state);
  recoding.open = recoding.from;
  recoding.block = recoding.from;
  recoding.sequencesEnd = recoding.sequences;
  let at: usize = recoding.from;
  while (at < recoding.to) {
    if (recoding.zones < recoding.zonesEnd && at >= load<u32>(recoding.zones)) {
      const end = min<u32>(load<u32>(recoding.zones, 4), recoding.to);
      at = search(recoding, at, end);
      recoding.zones += 8;
      continue;
    }
    const zone = recoding.zones < recoding.zonesEnd ? load<u32>(recoding.zones) : recoding.to;
    at = takeToken(recoding, at, min<u32>(zone, recoding.to));
  }
  endBlock(recoding, at);
}

/** Ends with a whole byte: an empty stored block, or at the stream's end an empty last one. */
export function recodeEnd(state: usize, isEnd: bool): void {
  const bits = changetype<Recoding>(state);
  if (isEnd) {
    bits.held |= 3 << (bits.count as u64);
    bits.count = (bits.count + 10 + 7) & ~7;
    flush(bits);
    return;
  }
  bits.count = (bits.count + 3 + 7) & ~7;
  flush(bits);
  store<u32>(bits.out, 0xffff0000);
  bits.out += 4;
}

/** Takes over the next old token, at most up to `limit`; returns where it ends. */
function takeToken(recoding: Recoding, at: usize, limit: usize): usize {
  while (recoding.matches < recoding.matchesEnd) {
    const from: usize = load<u32>(recoding.matches) + recoding.moved;
    const match = load<u32>(recoding.matches, 4);
    const end = from + (match & 0xffff);
    if (end > at) {
      if (from >= limit) return limit;
      return keep(recoding, max(at, from), min(end, limit), match >> 16);
    }
    recoding.matches += 8;
    if ((match & 0xffff) === 0 && (at as u32) - recoding.block >= leastBlockBytes && from === at) {
      endBlock(recoding, at);
    }
  }
  return limit;
}

/** Keeps an old match where its bytes are still the same. */
function keep(recoding: Recoding, from: usize, end: usize, distance: usize): usize {
  let at = from;
  while (at < end) {
    const same = common(at, at - distance, end);
    if (same >= shortest) addMatch(recoding, at, same, distance);
    at += max<usize>(same, 1);
  }
  return end;
}

/** The number of equal bytes from two addresses on; the first ends at `end`. */
function common(a: usize, b: usize, end: usize): usize {
  let at = a;
  for (; at + 8 <= end; at += 8) {
    const difference = load<u64>(at) ^ load<u64>(b + (at - a));
    if (difference !== 0) return at - a + ((ctz(difference) >> 3) as usize);
  }
  while (at < end && load<u8>(at) === load<u8>(b + (at - a))) at++;
  return at - a;
}

/** Bytes between matches are literals. */
function addMatch(recoding: Recoding, at: usize, length: usize, distance: usize): void {
  store<u32>(recoding.sequencesEnd, (at as u32) - recoding.open);
  store<u32>(recoding.sequencesEnd, ((distance as u32) << 16) | (length as u32), 4);
  recoding.sequencesEnd += 8;
  recoding.open = (at + length) as u32;
}

/** Searches for matches by a hash of four bytes, one candidate for each: the fastest there is. */
function search(recoding: Recoding, from: usize, end: usize): usize {
  const table = changetype<usize>(recoding) + hashAt;
  let at = from;
  while (at + hashedBytes <= end) {
    const slot = table + ((((load<u32>(at) * 0x9e3779b1) >> (32 - hashBits)) as usize) << 2);
    const position = (at as u32) + recoding.shift;
    const distance = position - load<u32>(slot);
    store<u32>(slot, position);
    const isNear = distance - 1 < windowBytes && distance <= (at as u32) - recoding.oldest;
    const same = isNear ? common(at, at - distance, min(end, at + longestMatch)) : 0;
    if (same >= hashedBytes) addMatch(recoding, at, same, distance);
    at += max<usize>(same >= hashedBytes ? same : 0, 1);
  }
  return end;
}

function endBlock(recoding: Recoding, at: usize): void {
  if ((at as u32) === recoding.block) return;
  if (recoding.open < (at as u32)) {
    store<u32>(recoding.sequencesEnd, (at as u32) - recoding.open);
    store<u32>(recoding.sequencesEnd, 0, 4);
    recoding.sequencesEnd += 8;
  }
  const scratch = changetype<usize>(recoding) + scratchAt;
  writeBlock(recoding, recoding.block, recoding.sequences, recoding.sequencesEnd, scratch);
  recoding.sequencesEnd = recoding.sequences;
  recoding.block = at as u32;
  recoding.open = at as u32;
}
