import { holdsMcu, type ScanWindow, slide } from '../scan/bit-reader.ts';
import { takeBits } from '../scan/bit-writer.ts';
import { type HuffmanTable, maxCodeLength } from '../scan/huffman.ts';
import type { JpegScan } from '../scan/structure.ts';
import { type McuBlock, type ScanTables, skipMcus } from '../scan/walk.ts';

export interface Side {
  readonly window: ScanWindow;
  readonly tables: ScanTables;
  readonly scan: JpegScan;
  readonly bytes: Uint8Array;
}

/** Two scans that are read in step. */
export interface Sides {
  readonly a: Side;
  readonly b: Side;
  /** DC value of the last block in `b` less that in `a`, by component. */
  readonly gap: Int32Array;
  same: SameBits;
}

/** Up to bit `end` of its window `a` holds what `b` holds `ahead` bits further on. */
interface SameBits {
  readonly ahead: number;
  readonly end: number;
}

export const nowhere: SameBits = { ahead: 0, end: -1 };

/**
 * Passes untouched MCUs that are the same bits on both sides: with the same codes these hold the same coefficients, so one side alone
 * is walked.
 *
 * @returns how many were passed, at most `most` and no more than the windows hold; 0 while a DC value differs.
 */
export function passSameMcus(sides: Sides, most: number): number {
  if (sides.gap.some((levels) => levels !== 0)) return 0;
  const { window: a, tables } = sides.a;
  const { window: b } = sides.b;
  const ahead = b.position - a.position;
  if (sides.same.ahead !== ahead || sides.same.end < a.position) {
    sides.same = { ahead, end: a.position + commonBits(a, b) };
  }
  const passed = skipMcus(a, tables, most, sides.same.end);
  b.position = a.position + ahead;
  return passed;
}

/** At once compared, whatever bit of a byte they begin at. */
const loadBits = 24;

/** How many bits agree from where both windows stand, rounded down to whole loads. */
function commonBits(a: ScanWindow, b: ScanWindow): number {
  const most = Math.min(a.filled * 8 - a.position, b.filled * 8 - b.position);
  let bits = 0;
  for (; bits + loadBits <= most; bits += loadBits) {
    if (takeBits(a.view, a.position + bits, loadBits) !== takeBits(b.view, b.position + bits, loadBits))
      break;
  }
  return bits;
}

/** Makes sure that both windows hold the next MCU. */
export function holdMcu(sides: Sides): void {
  for (const { window } of [sides.a, sides.b]) {
    if (holdsMcu(window)) continue;
    slide(window);
    sides.same = nowhere;
  }
}

/** True when bits that are a code in `a` are the same code in `b`: its canonical codes begin with those of `a`. */
export function shareCodes(a: McuBlock, b: McuBlock): boolean {
  return beginsWith(b.dcTable, a.dcTable) && beginsWith(b.acTable, a.acTable);
}

function beginsWith(longer: HuffmanTable, table: HuffmanTable): boolean {
  const sameShorter = table.counts.every(
    (count, length) => length === maxCodeLength || count === longer.counts[length],
  );
  return sameShorter && table.symbols.every((symbol, i) => symbol === longer.symbols[i]);
}
