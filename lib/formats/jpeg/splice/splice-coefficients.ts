import { EditError } from '../../../errors.ts';
import {
  alignWithOnes,
  type BitWriter,
  bitWriter,
  reserve,
  writeBits,
  writeBytes,
} from '../scan/bit-writer.ts';
import { type Coefficients, decodeCoefficients } from '../scan/decode-coefficients.ts';
import { encodeScan, type ScanSink } from '../scan/encode-coefficients.ts';
import { codesOf, encodeHuffmanTable, optimalHuffmanTable } from '../scan/huffman.ts';
import type { DefinedTable, JpegScan, JpegStructure } from '../scan/structure.ts';
import { marker } from '../segments.ts';
import { applyAc, type CoefficientEdits } from './edits.ts';
import type { SplicedFile } from './splice-sequential.ts';

/**
 * Writes a file of several scans, progressive or not, again with the edits applied.
 *
 * All coefficients are decoded, the touched ones changed, and the scans of changed components coded with the same script and
 * optimal tables in front of each; scans of other components are copied as bytes. Every segment but DHT stays.
 */
export function spliceCoefficients(
  source: Uint8Array,
  structure: JpegStructure,
  edits: CoefficientEdits,
): SplicedFile {
  const coefficients = decodeCoefficients(source, structure);
  applyEdits(structure, edits, coefficients);
  const writer = bitWriter(source.length + (source.length >> 4) + 4096);
  let scans = 0;
  for (const segment of structure.segments) {
    if (segment.marker === marker.dht) continue;
    if (segment.marker !== marker.sos) {
      writeBytes(writer, source.subarray(segment.offset, segment.entropyEnd));
      continue;
    }
    const scan = structure.scans[scans++]!;
    const header = source.subarray(segment.offset, segment.end);
    const isChanged = scan.members.some(({ component }) => edits.touched[component]!.count > 0);
    if (isChanged) writeScan(writer, { structure, scan, coefficients, header });
    else {
      for (const table of usedTables(structure, scan)) writeTable(writer, table, table);
      writeBytes(writer, source.subarray(segment.offset, segment.entropyEnd));
    }
  }
  writeBytes(writer, source.subarray(structure.segments.at(-1)!.entropyEnd));
  return { bytes: writer.bytes.subarray(0, writer.length), tables: 'rebuilt' };
}

function applyEdits(
  { components }: JpegStructure,
  { touched, deltaAt }: CoefficientEdits,
  coefficients: Coefficients,
): void {
  const delta = new Int16Array(64);
  touched.forEach(({ bitmap }, component) => {
    const { blocksWide } = components[component]!;
    for (let block = bitmap.indexOf(1); block >= 0; block = bitmap.indexOf(1, block + 1)) {
      deltaAt(component, block % blocksWide, Math.floor(block / blocksWide), delta);
      const values = coefficients[component]!.subarray(block * 64, block * 64 + 64);
      applyAc(values, delta);
      const dc = values[0]! + delta[0]!;
      if (Math.abs(dc) > 2047)
        throw new EditError('KIND_UNSUPPORTED', `Expected DC values of 11 bits, got ${dc}`);
      values[0] = dc;
    }
  });
}

/** The tables a scan decodes with, each once. */
function usedTables({ process }: JpegStructure, { members, ss, ah }: JpegScan): DefinedTable[] {
  const usesDc = ss === 0 && ah === 0;
  const usesAc = ss > 0 || process === 'sequential';
  const used = members.flatMap(({ dc, ac }) => [
    ...(usesDc && dc ? [dc] : []),
    ...(usesAc && ac ? [ac] : []),
  ]);
  return [...new Set(used)];
}

interface ScanToWrite {
  readonly structure: JpegStructure;
  readonly scan: JpegScan;
  readonly coefficients: Coefficients;
  /** The SOS segment as it was. */
  readonly header: Uint8Array;
}

function writeScan(writer: BitWriter, { structure, scan, coefficients, header }: ScanToWrite): void {
  const tables = usedTables(structure, scan);
  const counts = new Map(tables.map((table) => [table, new Float64Array(256)]));
  const countsOf = (tableClass: 0 | 1, member: number) =>
    counts.get((tableClass === 0 ? scan.members[member]!.dc : scan.members[member]!.ac)!)!;
  encodeScan(structure, scan, coefficients, {
    symbol: (tableClass, member, symbol) => void countsOf(tableClass, member)[symbol]!++,
    bits: () => {},
    restart: () => {},
  });
  const codes = new Map(
    tables.map((table) => {
      const optimal = optimalHuffmanTable(counts.get(table)!);
      writeTable(writer, table, optimal);
      return [table, codesOf(optimal)] as const;
    }),
  );
  writeBytes(writer, header);
  encodeScan(
    structure,
    scan,
    coefficients,
    codingSink(
      writer,
      (tableClass, member) =>
        codes.get((tableClass === 0 ? scan.members[member]!.dc : scan.members[member]!.ac)!)!,
    ),
  );
  alignWithOnes(writer);
}

function codingSink(
  writer: BitWriter,
  codesFor: (tableClass: 0 | 1, member: number) => ReturnType<typeof codesOf>,
): ScanSink {
  return {
    symbol: (tableClass, member, symbol) => {
      const { code, length } = codesFor(tableClass, member);
      reserve(writer, 16);
      writeBits(writer, code[symbol]!, length[symbol]!);
    },
    bits: (value, count) => {
      reserve(writer, 16);
      writeBits(writer, value, count);
    },
    restart: (index) => {
      alignWithOnes(writer);
      writeBytes(writer, Uint8Array.of(0xff, marker.rst0 + (index % 8)));
    },
  };
}

/** A DHT segment with one table under the class and id of another. */
function writeTable(
  writer: BitWriter,
  { tableClass, id }: DefinedTable,
  table: Parameters<typeof encodeHuffmanTable>[2],
): void {
  const payload = encodeHuffmanTable(tableClass, id, table);
  const length = payload.length + 2;
  writeBytes(writer, Uint8Array.of(0xff, marker.dht, length >> 8, length & 0xff));
  writeBytes(writer, payload);
}
