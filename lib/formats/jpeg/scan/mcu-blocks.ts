import { EditError } from '../../../errors.ts';
import type { JpegScan } from './headers.ts';
import type { HuffmanTable } from './huffman.ts';
import type { JpegStructure } from './structure.ts';

/** A block of an MCU. */
export interface McuBlock {
  readonly component: number;
  /** Within the MCU. */
  readonly column: number;
  readonly row: number;
  readonly dcTable: HuffmanTable;
  readonly acTable: HuffmanTable;
}

/**
 * The blocks of an MCU of a sequential scan, in coding order.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` when the scan names a table that was not defined before it.
 */
export function mcuBlocks({ components }: JpegStructure, scan: JpegScan): McuBlock[] {
  return scan.members.flatMap(({ component, dc, ac }) => {
    if (!dc || !ac) throw undefinedTable();
    const { h, v } = components[component]!;
    return Array.from({ length: h * v }, (_, i) => ({
      component,
      column: i % h,
      row: Math.floor(i / h),
      dcTable: dc,
      acTable: ac,
    }));
  });
}

export const undefinedTable = () =>
  new EditError('IMAGE_UNREADABLE', 'Expected Huffman tables to be defined before the scan that names them');
