import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import { release } from '../../../pixels/release.ts';
import { replaceTables, type TableReplacement } from '../container/tables.ts';
import { type BitWriter, bitWriter, reserve, writeBytes } from '../scan/bit-writer.ts';
import type { DefinedTable, JpegScan } from '../scan/headers.ts';
import type { HuffmanTable } from '../scan/huffman.ts';
import type { WalkedJpeg } from '../scan/walk.ts';
import type { BlockDeltas } from './block-deltas.ts';
import { editScan, type ScanEdit } from './edit-scan.ts';
import type { CoefficientEdits } from './edits.ts';
import { optimalHuffmanTable } from './huffman-coding.ts';
import type { KernelPatches } from './kernel-edit.ts';
import { encodersOf, frequenciesOf, grownTable } from './kernel-encoder.ts';

/** What became of the Huffman tables: none changed; symbols appended; or the scan recoded with new ones. */
export type TableFate = 'kept' | 'extended' | 'rebuilt';

export interface SplicedFile {
  readonly bytes: Uint8Array;
  readonly tables: TableFate;
}

/** Room for every symbol each of 8 tables may gain, and for metadata that tell of the edit. */
const headerSlack = 8 * 256 + 4096;

/** Writes a sequential JPEG of one scan with the edits applied. */
export function spliceOneScan(
  source: Uint8Array,
  { structure, index }: Pick<WalkedJpeg, 'structure' | 'index'>,
  { mcus, deltas }: CoefficientEdits,
): SplicedFile {
  return useKernels((use) => {
    const patches = kernelPatches(use, deltas);
    for (const { deltas: copied } of deltas) release(copied);
    return spliceWith(use, { source, structure, index: index!, mcus, patches });
  });
}

/** What every pass over the scan has in common. */
type Edit = Omit<ScanEdit, 'output' | 'encoders' | 'pass'>;

function spliceWith(use: KernelUse, edit: Edit): SplicedFile {
  const scan = edit.structure.scans[0]!;
  const tables = definedTables(scan);
  const encoders = encodersOf(use, tables);
  const output = scanWriter(edit.source, scan);
  if (!editScan(use, { ...edit, output, encoders, pass: 'copy' })) return recode(use, edit, tables);
  const replacements = tables
    .map((table) => ({ table, by: grownTable(use, encoders.get(table)!) }))
    .filter(({ table, by }) => by !== table);
  return {
    bytes: assemble(edit.source, scan, output, replacements),
    tables: replacements.length > 0 ? 'extended' : 'kept',
  };
}

function kernelPatches({ arena }: KernelUse, deltas: readonly BlockDeltas[]): KernelPatches {
  const words = deltas.flatMap(({ component, left, top, blocksWide, blocksHigh, deltas, touched }) => [
    component,
    left,
    top,
    blocksWide,
    blocksHigh,
    arena.put(deltas),
    arena.put(touched),
    0,
  ]);
  return { pointer: arena.put(Uint32Array.from(words)), count: deltas.length };
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
function recode(use: KernelUse, edit: Edit, tables: readonly DefinedTable[]): SplicedFile {
  const scan = edit.structure.scans[0]!;
  const counters = encodersOf(use, tables);
  editScan(use, { ...edit, output: bitWriter(0), encoders: counters, pass: 'count' });
  const optimal = new Map<HuffmanTable, HuffmanTable>(
    tables.map((table) => [table, optimalHuffmanTable(frequenciesOf(use, counters.get(table)!))]),
  );
  const encoders = encodersOf(use, tables, (table) => optimal.get(table)!);
  const output = scanWriter(edit.source, scan);
  editScan(use, { ...edit, output, encoders, pass: 'recode' });
  const replacements = tables.map((table) => ({ table, by: optimal.get(table)! }));
  return { bytes: assemble(edit.source, scan, output, replacements), tables: 'rebuilt' };
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
