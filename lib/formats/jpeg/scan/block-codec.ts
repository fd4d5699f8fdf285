import { EditError } from '../../../errors.ts';
import type { ScanWindow } from './bit-reader.ts';
import { type BitWriter, maxBitsAtOnce, takeBits, writeBits } from './bit-writer.ts';
import type { ScanTables } from './walk.ts';

/** Where the symbols of a block go: each is a Huffman symbol and `size` extra bits. */
export interface SymbolSink {
  dc(block: number, symbol: number, extra: number): void;
  ac(block: number, symbol: number, extra: number): void;
}

/** Worst case of one block: 64 codes of 16 bits with 15 extra bits, all bytes stuffed. */
export const longestBlockBytes = 512;

/** The bit length of a magnitude: the category of T.81 tables F.1 and F.2. */
export const categoryOf = (value: number) => 32 - Math.clz32(value < 0 ? -value : value);

/** The extra bits of a value: itself, or for negatives one less in two's complement. */
export const extraBitsOf = (value: number, size: number) => (value < 0 ? value + (1 << size) - 1 : value);

/** The value behind `size` extra bits. @see ITU-T T.81, figure F.12 (EXTEND). */
export const extend = (bits: number, size: number) =>
  bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;

/** Reads a DC difference and passes it. */
export function readDc(window: ScanWindow, tables: ScanTables, block: number): number {
  const size = readSymbol(window, tables.symbols, tables.dcSlots[block]!);
  return size === 0 ? 0 : extend(readExtra(window, size), size);
}

/** Reads the 63 AC coefficients of a block in zigzag order into 1..63 of `coefficients`. */
export function readAc(
  window: ScanWindow,
  tables: ScanTables,
  block: number,
  coefficients: Int16Array,
): void {
  coefficients.fill(0, 1);
  for (let k = 1; k < 64; ) {
    const symbol = readSymbol(window, tables.symbols, tables.acSlots[block]!);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (symbol === 0) return;
    if (size === 0 && run !== 15) throw new EditError('IMAGE_UNREADABLE', 'Expected a sequential AC symbol');
    k += run;
    if (k > 63) throw new EditError('IMAGE_UNREADABLE', 'Expected 64 coefficients in a block, got more');
    if (size > 0) coefficients[k] = extend(readExtra(window, size), size);
    k++;
  }
}

function readSymbol(window: ScanWindow, symbols: Uint16Array, slot: number): number {
  const { view, position } = window;
  const entry = symbols[(slot << 16) + ((view.getInt32(position >> 3) << (position & 7)) >>> 16)]!;
  if (entry === 0)
    throw new EditError('IMAGE_UNREADABLE', 'Expected a Huffman code, got bits no code begins with');
  window.position = position + (entry >> 8);
  return entry & 255;
}

function readExtra(window: ScanWindow, size: number): number {
  const bits = takeBits(window.view, window.position, size);
  window.position += size;
  return bits;
}

/** Emits a DC difference. */
export function emitDc(sink: SymbolSink, block: number, difference: number): void {
  const size = categoryOf(difference);
  sink.dc(block, size, extraBitsOf(difference, size));
}

/** Emits coefficients 1..63, zigzag order, as run and size symbols. @see ITU-T T.81, F.1.2.2. */
export function emitAc(sink: SymbolSink, block: number, coefficients: Int16Array): void {
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const value = coefficients[k]!;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) sink.ac(block, 0xf0, 0);
    const size = categoryOf(value);
    sink.ac(block, (run << 4) | size, extraBitsOf(value, size));
    run = 0;
  }
  if (run > 0) sink.ac(block, 0, 0);
}

/** Emits the AC symbols of the block in the window as they are, and passes them. */
export function transferAc(window: ScanWindow, tables: ScanTables, block: number, sink: SymbolSink): void {
  for (let k = 1; k < 64; ) {
    const symbol = readSymbol(window, tables.symbols, tables.acSlots[block]!);
    const size = symbol & 15;
    sink.ac(block, symbol, size === 0 ? 0 : readExtra(window, size));
    if (symbol === 0) return;
    if (size === 0 && symbol !== 0xf0)
      throw new EditError('IMAGE_UNREADABLE', 'Expected a sequential AC symbol');
    k += (symbol >> 4) + 1;
    if (k > 64) throw new EditError('IMAGE_UNREADABLE', 'Expected 64 coefficients in a block, got more');
  }
}

/** A symbol's code and its extra bits. */
export function writeSymbol(
  writer: BitWriter,
  code: number,
  length: number,
  extra: number,
  size: number,
): void {
  if (length + size <= maxBitsAtOnce) {
    writeBits(writer, (code << size) | extra, length + size);
    return;
  }
  writeBits(writer, code, length);
  writeBits(writer, extra, size);
}
