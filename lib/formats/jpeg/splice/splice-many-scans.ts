import { marker } from '../container/segments.ts';
import { alignWithOnes, type BitWriter, bitWriter, writeBytes } from '../scan/bit-writer.ts';
import type { Coefficients, Restarts } from '../scan/decode-coefficients.ts';
import { type EntropySink, encodeScan } from '../scan/encode-coefficients.ts';
import type { DefinedTable, JpegScan } from '../scan/headers.ts';
import { encodeHuffmanTable, type HuffmanTable } from '../scan/huffman.ts';
import type { JpegStructure } from '../scan/structure.ts';
import type { WalkedJpeg } from '../scan/walk.ts';
import { applyAc, type CoefficientEdits, checkedDc } from './edits.ts';
import { codingSink, optimalCodes } from './huffman-coding.ts';
import type { SplicedFile } from './splice-one-scan.ts';

/**
 * Writes a file of several scans, progressive or not, with the edits applied.
 *
 * All coefficients are decoded and the touched ones changed. Scans of changed components are coded with the
 * same script and optimal tables in front of each; scans of other components are copied as bytes. Every
 * segment but DHT stays, and so does what stands between a block and a marker.
 */
export function spliceManyScans(
  source: Uint8Array,
  { structure, takeCoefficients }: WalkedJpeg,
  edits: CoefficientEdits,
): SplicedFile {
  const { coefficients, ends, restarts } = takeCoefficients();
  applyEdits(structure, edits, coefficients);
  const writer = bitWriter(source.length + (source.length >> 4) + 4096);
  let scans = 0;
  for (const segment of structure.segments) {
    if (segment.marker === marker.dht) continue;
    const whole = source.subarray(segment.offset, segment.entropyEnd);
    if (segment.marker !== marker.sos) {
      writeBytes(writer, whole);
      continue;
    }
    const index = scans++;
    const scan = structure.scans[index]!;
    const isChanged = scan.members.some(({ component }) => edits.touched[component]!.includes(1));
    if (isChanged) {
      const header = source.subarray(segment.offset, segment.end);
      writeScan(writer, { structure, scan, coefficients, header, restarts: restarts[index]! });
      writeBytes(writer, source.subarray(ends[index]!, scan.dataEnd));
    } else {
      for (const table of usedTables(structure, scan)) writeTable(writer, table, table);
      writeBytes(writer, whole);
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
  touched.forEach((bitmap, component) => {
    const { blocksWide } = components[component]!;
    for (let block = bitmap.indexOf(1); block >= 0; block = bitmap.indexOf(1, block + 1)) {
      deltaAt(component, block % blocksWide, Math.floor(block / blocksWide), delta);
      const values = coefficients[component]!.subarray(block * 64, block * 64 + 64);
      applyAc(values, delta);
      values[0] = checkedDc(values[0]! + delta[0]!);
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
  readonly restarts: Restarts;
}

function writeScan(writer: BitWriter, scanToWrite: ScanToWrite): void {
  const { structure, scan, coefficients, header, restarts } = scanToWrite;
  const encode = (sink: EntropySink) => encodeScan(structure, scan, coefficients, sink);
  const codes = optimalCodes(usedTables(structure, scan), encode);
  for (const [replaced, { table }] of codes) writeTable(writer, replaced, table);
  writeBytes(writer, header);
  encode(codingSink(writer, codes, restarts));
  alignWithOnes(writer);
}

/** A DHT segment with one table under the class and id of another. */
function writeTable(writer: BitWriter, { tableClass, id }: DefinedTable, table: HuffmanTable): void {
  const payload = encodeHuffmanTable(tableClass, id, table);
  const length = payload.length + 2;
  writeBytes(writer, Uint8Array.of(0xff, marker.dht, length >> 8, length & 0xff));
  writeBytes(writer, payload);
}
