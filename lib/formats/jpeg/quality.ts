import { EditError } from '../../errors.ts';
import { marker, readSegments } from './container/segments.ts';
import { readQuantTables, type TablesInForce } from './scan/headers.ts';
import { zigzag } from './splice/zigzag.ts';

/** A quality of libjpeg, 1 to 100. */
export interface TableQuality {
  readonly quality: number;
  /** True when it writes the very tables of the file; else its steps are at least as fine. */
  readonly isSame: boolean;
}

/**
 * Finds the quality at which libjpeg writes the quantisation tables of a file, or the lowest one at which no
 * step is coarser.
 *
 * @returns `undefined` when the headers cannot be read.
 */
export function qualityOf(bytes: Uint8Array): TableQuality | undefined {
  const tables = quantTables(bytes);
  if (tables === undefined) return undefined;
  for (let quality = 1; quality <= 100; quality++) {
    const [luma, chroma] = [scaled(annexK.luma, quality), scaled(annexK.chroma, quality)];
    const pairs = tables.map((steps, id) => [steps, id === 0 ? luma : chroma] as const);
    if (pairs.some(([steps, written]) => written.some((step, k) => step > steps[k]!))) continue;
    const isSame = pairs.every(([steps, written]) => written.every((step, k) => step === steps[k]));
    return { quality, isSame };
  }
  return undefined;
}

/** By id; a file has at least one. */
function quantTables(bytes: Uint8Array): readonly Uint16Array[] | undefined {
  try {
    const tables: TablesInForce['quant'] = [];
    for (const segment of readSegments(bytes))
      if (segment.marker === marker.dqt) readQuantTables(bytes, segment, tables);
    const defined = tables.filter((table) => table !== undefined);
    return defined.length === 0 ? undefined : defined;
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return undefined;
  }
}

/**
 * @see libjpeg, jcparam.c, jpeg_quality_scaling and jpeg_add_quant_table. @returns 64 steps in zigzag order.
 */
function scaled(base: readonly number[], quality: number): number[] {
  const percent = quality < 50 ? Math.trunc(5000 / quality) : 200 - 2 * quality;
  return Array.from(zigzag, (at) => Math.min(255, Math.max(1, Math.trunc((base[at]! * percent + 50) / 100))));
}

/** Row by row. @see ITU-T T.81, tables K.1 and K.2. */
const annexK = {
  luma: [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
  ],
  chroma: [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  ],
};
