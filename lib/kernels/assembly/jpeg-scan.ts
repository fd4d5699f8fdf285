import { fillDecoder, firstFault, truncated } from './jpeg-bits';
import {
  componentsOf,
  dataEndOf,
  dcAt,
  keepFault,
  lastStartOf,
  moveTo,
  positionOf,
  walkMcu,
} from './jpeg-reader';

/** Bytes of a decoder, of which `jpegDecoder` makes one for each Huffman table. */
export function jpegDecoderBytes(): usize {
  return 20 * 1024;
}

/**
 * Makes the lookups of a Huffman table.
 *
 * @param definition 16 counts of codes by length, then the symbols; checked to be a table of T.81.
 * @param decoder address of `jpegDecoderBytes`.
 */
export function jpegDecoder(definition: usize, decoder: usize): void {
  fillDecoder(definition, decoder);
}

/**
 * Removes the zero behind each FF, up to a marker.
 *
 * @param from address of `length` bytes and of one more, which says what an FF at their end is.
 * @param to where the bytes go, with room for 16 more; apart from `from`.
 * @param result address of two words: bytes read, bytes written. The reading stops before an FF that is not
 *   followed by 0.
 */
export function unstuff(from: usize, length: usize, to: usize, result: usize): void {
  const end = from + length;
  const ff = v128.splat<u8>(0xff);
  const places = v128(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  let source = from;
  let target = to;
  while (source + 16 <= end) {
    const bytes = v128.load(source);
    const found = v128.bitmask<i8>(v128.eq<u8>(bytes, ff));
    if (found === 0) {
      v128.store(target, bytes);
      source += 16;
      target += 16;
      continue;
    }
    const at = ctz<u32>(found) as usize;
    // What lies behind the zero moves down by one.
    const behind = v128.gt<i8>(places, v128.splat<i8>(at as i8));
    v128.store(target, v128.swizzle(bytes, v128.sub<i8>(places, behind)));
    if (load<u8>(source + at, 1) !== 0) {
      source += at;
      target += at;
      break;
    }
    // Up to the next FF, which is written over.
    const passed: usize = (found & (found - 1)) === 0 ? max<usize>(16, at + 2) : at + 2;
    source += passed;
    target += passed - 1;
  }
  while (source < end) {
    const byte = load<u8>(source);
    if (byte === 0xff) {
      if (load<u8>(source + 1) !== 0) break;
      source++;
    }
    store<u8>(target++, byte);
    source++;
  }
  store<u32>(result, <u32>(source - from));
  store<u32>(result, <u32>(target - to), 4);
}

/**
 * Finds the first FF with a byte behind it that makes it the marker of a segment: not 0 or FF, TEM or a
 * restart.
 *
 * @param from address of `length` (at least 1) bytes.
 * @returns its place; that of the last byte where there is none, as what follows decides about it.
 */
export function findMarker(from: usize, length: usize): usize {
  const last = from + length - 1;
  const ff = v128.splat<u8>(0xff);
  const zero = v128.splat<u8>(0);
  let at = from;
  for (; at < last; at++) {
    // In scans nearly every FF has a 0 behind it.
    while (at + 16 <= last) {
      const isStuffed = v128.eq<u8>(v128.load(at, 1), zero);
      const found = v128.andnot(v128.eq<u8>(v128.load(at), ff), isStuffed);
      if (v128.any_true(found)) {
        at += ctz<u32>(v128.bitmask<i8>(found)) as usize;
        break;
      }
      at += 16;
    }
    const next = load<u8>(at, 1);
    if (at < last && load<u8>(at) === 0xff && next > 1 && next !== 0xff && (next & 0xf8) !== 0xd0) break;
  }
  return min(at, last) - from;
}

/**
 * Walks up to `count` MCUs by code lengths, as long as the buffer holds them.
 *
 * @param positions receives the bit of each MCU, plus `base`; `count` words.
 * @param predictors receives the DC value before each MCU, by component; `count` times as many words.
 * @returns how many were walked; fewer when the buffer must be filled first, or at a fault, which is kept.
 */
export function walkMcus(scan: usize, count: u32, base: u32, positions: usize, predictors: usize): u32 {
  const components = componentsOf(scan);
  const dataEnd = dataEndOf(scan);
  const lastStart = lastStartOf(scan);
  let position = positionOf(scan);
  let values = predictors;
  let mcu: u32 = 0;
  for (; mcu < count && position <= lastStart; mcu++) {
    store<u32>(positions + 4 * mcu, base + position);
    memory.copy(values, scan + dcAt, 4 * components);
    values += 4 * components;
    const after = walkMcu(scan, position);
    const fault = after < firstFault && after > dataEnd ? truncated : after;
    if (fault >= firstFault) {
      keepFault(scan, fault);
      return mcu;
    }
    position = after;
    moveTo(scan, position);
  }
  return mcu;
}
