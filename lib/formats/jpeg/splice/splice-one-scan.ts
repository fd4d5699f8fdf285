import { replaceTables, type TableReplacement } from '../container/tables.ts';
import { type BitWriter, bitWriter, reserve, writeBytes } from '../scan/bit-writer.ts';
import type { DefinedTable, JpegScan } from '../scan/headers.ts';
import type { ScanIndex } from '../scan/scan-index.ts';
import { scanTables } from '../scan/scan-tables.ts';
import type { JpegStructure } from '../scan/structure.ts';
import type { WalkedJpeg } from '../scan/walk.ts';
import { editScan, type McuRows, type ScanEdit } from './edit-scan.ts';
import type { CoefficientEdits } from './edits.ts';
import { codingSink, growingCodes, grownTable, optimalCodes } from './huffman-coding.ts';

/** What became of the Huffman tables: none changed; symbols appended; or the scan recoded with new ones. */
export type TableFate = 'kept' | 'extended' | 'rebuilt';

export interface SplicedFile {
  readonly bytes: Uint8Array;
  readonly tables: TableFate;
}

/** Room for every symbol each of 8 tables may gain. */
const headerSlack = 8 * 256;

function rowsOf({ mcusWide, mcusHigh }: JpegStructure, { positions, ends }: ScanIndex): McuRows {
  return Float64Array.from({ length: mcusHigh + 1 }, (_, row) => positions[row * mcusWide] ?? ends[0]!);
}

/** Writes a sequential JPEG of one scan with the edits applied. */
export function spliceOneScan(
  source: Uint8Array,
  { structure, index }: Pick<WalkedJpeg, 'structure' | 'index'>,
  edits: CoefficientEdits,
): SplicedFile {
  const scan = structure.scans[0]!;
  const rows = scan.restartInterval === 0 ? rowsOf(structure, index!) : undefined;
  const edit = { source, structure, scan, rows, tables: scanTables(structure, scan), edits };
  const defined = definedTables(scan);
  const codes = new Map(defined.map((table) => [table, growingCodes(table)] as const));
  const all = [...codes.values()];
  const isVoid = () => all.some(({ full }) => full);
  const writer = scanWriter(source, scan);
  editScan(edit, { writer, sink: codingSink(writer, codes), recodes: false, isVoid });
  if (isVoid()) return recode(edit, defined);
  const grown = defined.filter((table) => codes.get(table)!.added.length > 0);
  const replacements = grown.map((table) => ({ table, by: grownTable(codes.get(table)!) }));
  return {
    bytes: assemble(edit, writer, replacements),
    tables: grown.length > 0 ? 'extended' : 'kept',
  };
}

/** The tables of the scan, each once; `scanTables` has made sure that they are there. */
const definedTables = ({ members }: JpegScan): DefinedTable[] => [
  ...new Set(members.flatMap(({ dc, ac }) => [dc!, ac!])),
];

/** Scan bytes are written behind room for the header, so that the file is put together without a copy. */
function scanWriter(source: Uint8Array, scan: JpegScan): BitWriter {
  const writer = bitWriter(source.length + headerSlack + (source.length >> 6) + 4096);
  writer.length = scan.dataOffset + headerSlack;
  return writer;
}

/** Two passes over all symbols: count, then code with the optimal tables. */
function recode(edit: ScanEdit, tables: readonly DefinedTable[]): SplicedFile {
  const common = { recodes: true, isVoid: () => false };
  const codes = optimalCodes(tables, (sink) => editScan(edit, { writer: undefined, sink, ...common }));
  const writer = scanWriter(edit.source, edit.scan);
  editScan(edit, { writer, sink: codingSink(writer, codes), ...common });
  const replacements = tables.map((table) => ({ table, by: codes.get(table)!.table }));
  return { bytes: assemble(edit, writer, replacements), tables: 'rebuilt' };
}

function assemble(
  { source, scan }: ScanEdit,
  writer: BitWriter,
  replacements: readonly TableReplacement[],
): Uint8Array {
  const header = replaceTables(source, scan.dataOffset, replacements);
  const trailer = source.subarray(scan.dataEnd);
  reserve(writer, trailer.length);
  writeBytes(writer, trailer);
  const start = scan.dataOffset + headerSlack - header.length;
  writer.bytes.set(header, start);
  return writer.bytes.subarray(start, writer.length);
}
