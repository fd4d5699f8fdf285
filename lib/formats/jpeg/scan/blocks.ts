import { EditError } from '../../../errors.ts';
import {
  assertInside,
  type BitReader,
  holdsMcu,
  noCode,
  readBits,
  readSigned,
  readSymbol,
} from './bit-reader.ts';
import { dcBits, multiBits, type ScanTables } from './scan-tables.ts';

/**
 * Skips up to `count` MCUs by code lengths alone, as long as the buffer holds them and they end at bit `end`
 * or before.
 *
 * @returns how many were skipped; fewer than asked for when the buffer must be refilled first.
 * @throws {EditError} `IMAGE_UNREADABLE` or `IMAGE_TRUNCATED` on data no encoder writes.
 */
export function skipMcus(
  reader: BitReader,
  tables: ScanTables,
  count: number,
  end: number = Number.POSITIVE_INFINITY,
): number {
  const { blocks } = tables;
  for (let mcu = 0; mcu < count; mcu++) {
    if (!holdsMcu(reader)) return mcu;
    const start = reader.position;
    for (let block = 0; block < blocks.length; block++) {
      skipDc(reader, tables, block);
      skipAc(reader, tables, block);
    }
    assertInside(reader);
    if (reader.position > end) {
      reader.position = start;
      return mcu;
    }
  }
  return count;
}

export function skipDc(reader: BitReader, tables: ScanTables, block: number): void {
  const { view, position } = reader;
  const slot = tables.dcSlots[block]!;
  const bits = view.getInt32(position >> 3) << (position & 7);
  const length = tables.dc[(slot << dcBits) + (bits >>> (32 - dcBits))]!;
  reader.position = position + (length || slowDcLength(tables.symbols[(slot << 16) + (bits >>> 16)]!));
}

function slowDcLength(entry: number): number {
  if (entry === 0) throw noCode();
  return (entry >> 8) + (entry & 255);
}

/** Skips the 63 AC coefficients of a block. */
export function skipAc(reader: BitReader, tables: ScanTables, block: number): void {
  const { view } = reader;
  const { multi, symbols } = tables;
  const slot = tables.acSlots[block]!;
  const base = slot << multiBits;
  let { position } = reader;
  let k = 1;
  while (k < 64) {
    const bits = view.getInt32(position >> 3) << (position & 7);
    const entry = multi[base + (bits >>> (32 - multiBits))]!;
    const after = k + ((entry >> 5) & 0x3ff);
    if (entry !== 0 && after <= 64) {
      position += entry & 31;
      k = after;
      if (entry >= 0x8000) break;
      continue;
    }
    // One symbol at a time: its code is long, or the block ends within the symbols looked up.
    const symbol = symbols[(slot << 16) + (bits >>> 16)]!;
    if (symbol === 0) throw noCode();
    position += (symbol >> 8) + (symbol & 15);
    if ((symbol & 255) === 0) break;
    k = afterSymbol(k, symbol & 255);
  }
  reader.position = position;
}

/** The coefficient behind a run of zeros and the value that ends it. */
function afterSymbol(k: number, symbol: number): number {
  assertSequential(symbol);
  const after = k + (symbol >> 4) + 1;
  if (after > 64) throw tooMany();
  return after;
}

function assertSequential(symbol: number): void {
  if ((symbol & 15) !== 0 || symbol === 0xf0) return;
  throw new EditError('IMAGE_UNREADABLE', 'Expected a sequential AC symbol, got an end-of-band run');
}

const tooMany = () =>
  new EditError('IMAGE_UNREADABLE', 'Expected 64 coefficients in a block, got a run beyond them');

/** Reads a DC difference. */
export function readDc(reader: BitReader, tables: ScanTables, block: number): number {
  return readSigned(reader, readSymbol(reader, tables.symbols, tables.dcSlots[block]!));
}

/** Reads the 63 AC coefficients of a block in zigzag order into 1..63 of `coefficients`. */
export function readAc(reader: BitReader, tables: ScanTables, block: number, coefficients: Int16Array): void {
  coefficients.fill(0, 1);
  for (let k = 1; k < 64; ) {
    const symbol = readSymbol(reader, tables.symbols, tables.acSlots[block]!);
    if (symbol === 0) return;
    k = afterSymbol(k, symbol);
    const size = symbol & 15;
    if (size > 0) coefficients[k - 1] = readSigned(reader, size);
  }
}

/** Reads the AC symbols of a block and passes each on with its extra bits. */
export function readAcSymbols(
  reader: BitReader,
  tables: ScanTables,
  block: number,
  take: (symbol: number, extra: number, size: number) => void,
): void {
  for (let k = 1; k < 64; ) {
    const symbol = readSymbol(reader, tables.symbols, tables.acSlots[block]!);
    const size = symbol & 15;
    take(symbol, readBits(reader, size), size);
    if (symbol === 0) return;
    k = afterSymbol(k, symbol);
  }
}
