import { EditError } from '../../../errors.ts';
import { type BitWriter, bitWriter, reserve, writeBytes } from '../scan/bit-writer.ts';
import { type SymbolSink, writeSymbol } from '../scan/block-codec.ts';
import { type HuffmanTable, optimalHuffmanTable } from '../scan/huffman.ts';
import type { DefinedTable, JpegScan, JpegStructure } from '../scan/structure.ts';
import { type ScanTables, scanTables } from '../scan/walk.ts';
import { replaceTables, type TableReplacement } from '../table-header.ts';
import type { CoefficientEdits } from './edits.ts';
import { addSymbol, type GrowingCodes, growingCodes, grownTable } from './growing-codes.ts';
import { type ScanJob, spliceScan } from './splice-scan.ts';

/** What became of the Huffman tables: none changed; symbols appended; or the scan recoded with new ones. */
export type TableFate = 'kept' | 'extended' | 'rebuilt';

export interface SplicedFile {
  readonly bytes: Uint8Array;
  readonly tables: TableFate;
}

/** Room for every symbol each of 8 tables may gain. */
const headerSlack = 8 * 256;

/** Writes a sequential JPEG of one scan again with the edits applied. */
export function spliceSequential(
  source: Uint8Array,
  structure: JpegStructure,
  edits: CoefficientEdits,
): SplicedFile {
  const scan = onlyScan(structure);
  const tables = scanTables(structure, scan);
  const job = { source, structure, scan, tables, edits };
  const codes = codesByTable(tables);
  const writer = scanWriter(source, scan);
  const all = [...codes.values()];
  const isVoid = () => all.some(({ full }) => full);
  spliceScan({ ...job, writer, sink: codingSink(tables, codes, writer), recodes: false, isVoid });
  if (isVoid()) return rebuild(job);
  const grown = all.filter(({ added }) => added.length > 0);
  const replacements = grown.map((each) => ({ table: each.table as DefinedTable, by: grownTable(each) }));
  return {
    bytes: assemble(source, scan, writer, replacements),
    tables: grown.length > 0 ? 'extended' : 'kept',
  };
}

function onlyScan({ scans, components }: JpegStructure): JpegScan {
  const [scan] = scans;
  if (!scan || scans.length > 1 || scan.members.length !== components.length) {
    throw new EditError('KIND_UNSUPPORTED', `Expected one interleaved scan, got ${scans.length} scans`);
  }
  if (scan.ss !== 0 || scan.se !== 63 || scan.ah !== 0 || scan.al !== 0) {
    throw new EditError('IMAGE_UNREADABLE', 'Expected a sequential scan of all 64 coefficients');
  }
  return scan;
}

const codesByTable = ({ blocks }: ScanTables): Map<HuffmanTable, GrowingCodes> =>
  new Map(
    blocks.flatMap(({ dcTable, acTable }) => [dcTable, acTable]).map((table) => [table, growingCodes(table)]),
  );

/** Scan bytes are written behind room for the header, so that the file is put together without a copy. */
function scanWriter(source: Uint8Array, scan: JpegScan): BitWriter {
  const room = scan.dataOffset + headerSlack;
  const writer = bitWriter(source.length + headerSlack + (source.length >> 6) + 4096);
  writer.length = room;
  return writer;
}

function codingSink(
  { blocks }: ScanTables,
  byTable: Map<HuffmanTable, GrowingCodes>,
  writer: BitWriter,
): SymbolSink {
  const dcCodes = blocks.map(({ dcTable }) => byTable.get(dcTable)!);
  const acCodes = blocks.map(({ acTable }) => byTable.get(acTable)!);
  const write = (codes: GrowingCodes, symbol: number, extra: number) => {
    if (codes.length[symbol] === 0) addSymbol(codes, symbol);
    writeSymbol(writer, codes.code[symbol]!, codes.length[symbol]!, extra, symbol & 15);
  };
  return {
    dc: (block, symbol, extra) => write(dcCodes[block]!, symbol, extra),
    ac: (block, symbol, extra) => write(acCodes[block]!, symbol, extra),
  };
}

/** Two passes over all symbols: count, then code with the optimal tables. */
function rebuild(job: Pick<ScanJob, 'source' | 'structure' | 'scan' | 'tables' | 'edits'>): SplicedFile {
  const { source, scan, tables } = job;
  const counts = new Map([...codesByTable(tables).keys()].map((table) => [table, new Float64Array(256)]));
  spliceScan({
    ...job,
    writer: undefined,
    sink: countingSink(tables, counts),
    recodes: true,
    isVoid: () => false,
  });
  const replacements = [...counts].map(([table, frequencies]) => ({
    table: table as DefinedTable,
    by: optimalHuffmanTable(frequencies),
  }));
  const codes = new Map(replacements.map(({ table, by }) => [table as HuffmanTable, growingCodes(by)]));
  const writer = scanWriter(source, scan);
  spliceScan({ ...job, writer, sink: codingSink(tables, codes, writer), recodes: true, isVoid: () => false });
  return { bytes: assemble(source, scan, writer, replacements), tables: 'rebuilt' };
}

function countingSink({ blocks }: ScanTables, counts: Map<HuffmanTable, Float64Array>): SymbolSink {
  const dc = blocks.map(({ dcTable }) => counts.get(dcTable)!);
  const ac = blocks.map(({ acTable }) => counts.get(acTable)!);
  return {
    dc: (block, symbol) => void dc[block]![symbol]!++,
    ac: (block, symbol) => void ac[block]![symbol]!++,
  };
}

function assemble(
  source: Uint8Array,
  scan: JpegScan,
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
