import { EditError } from '../../../errors.ts';
import { type KernelUse, useKernels } from '../../../kernels/kernels.ts';
import type { Box } from '../../../pixels/raster.ts';
import { joinParts } from '../../container.ts';
import { marker, type Segment, startsWith } from '../container/segments.ts';
import { bitWriter, writeBytes } from '../scan/bit-writer.ts';
import { isFrameMarker, type ScanMember } from '../scan/headers.ts';
import { encodeHuffmanTable } from '../scan/huffman.ts';
import { endBits } from '../scan/kernel-writer.ts';
import { bitBehind, type ScanIndex, unknownPlace } from '../scan/scan-index.ts';
import type { JpegStructure } from '../scan/structure.ts';
import type { WalkedJpeg } from '../scan/walk.ts';
import { copyTo, editMcus, type KernelEdit, openKernelEdit, standAt } from '../splice/kernel-edit.ts';
import { encodersOf, grownTable, type KernelEncoder } from '../splice/kernel-encoder.ts';

/** A JPEG that shows a part of another. */
export interface CutJpeg {
  readonly bytes: Uint8Array;
  /** Where the wanted box lies in it. */
  readonly box: Box;
}

/** A rectangle of MCUs; `right` and `bottom` are behind it. */
interface Mcus {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Decoders interpolate colour from the next sample: from the MCU beside at most. */
const marginMcus = 1;
/** A larger part of the picture's MCUs saves nothing. */
const largestPart = 0.75;

/**
 * Cuts the MCUs around a box of pixels out of a JPEG without loss: the part decodes to the same pixels there.
 *
 * Bits are copied. Only the DC differences of the first MCU of each row are coded anew, since a restart
 * marker stands before it. Profile, colour space and EXIF are kept, and other metadata are left out.
 *
 * @param box in stored pixels, inside the picture.
 * @returns `undefined` where it cannot be done or is not worth while: several scans, restart intervals that
 *   begin within a row of the part, bytes that belong nowhere, a part as large as the picture.
 */
export function cutJpeg(source: Uint8Array, walked: Walked, box: Box): CutJpeg | undefined {
  const { structure, index, extraneous } = walked;
  if (index === undefined || extraneous.length > 0) return undefined;
  const mcu = mcuSize(structure);
  const mcus = mcusAround(structure, box);
  const { left, top, right, bottom } = mcus;
  if ((right - left) * (bottom - top) > largestPart * index.positions.length) return undefined;
  for (let row = top; row < bottom; row++) if (!isKnownRow({ structure, index }, row, mcus)) return undefined;
  const bytes = useKernels((use) => cutWith(use, source, { structure, index }, mcus));
  if (bytes === undefined) return undefined;
  return { bytes, box: { ...box, left: box.left - left * mcu.width, top: box.top - top * mcu.height } };
}

/** True when the part of a row lies in one interval, and the bits are known at which it begins and ends. */
function isKnownRow({ structure, index }: Indexed, row: number, mcus: Mcus): boolean {
  const { positions, interval } = index;
  const { first, end } = rowOf(structure, row, mcus);
  if (Math.floor(first / interval) !== Math.floor((end - 1) / interval)) return false;
  return positions[first] !== unknownPlace && positions[end] !== unknownPlace;
}

/** In pixels. */
function mcuSize({ components }: JpegStructure) {
  const [{ h, v, pixelsAcross, pixelsDown }] = components as [JpegStructure['components'][number]];
  return { width: 8 * h * pixelsAcross, height: 8 * v * pixelsDown };
}

function mcusAround(structure: JpegStructure, { left, top, width, height }: Box): Mcus {
  const mcu = mcuSize(structure);
  return {
    left: Math.max(0, Math.floor(left / mcu.width) - marginMcus),
    top: Math.max(0, Math.floor(top / mcu.height) - marginMcus),
    right: Math.min(structure.mcusWide, Math.ceil((left + width) / mcu.width) + marginMcus),
    bottom: Math.min(structure.mcusHigh, Math.ceil((top + height) / mcu.height) + marginMcus),
  };
}

/** What is known of the file. */
type Walked = Pick<WalkedJpeg, 'structure' | 'index' | 'extraneous'>;

type Indexed = Required<Pick<WalkedJpeg, 'structure'>> & { readonly index: ScanIndex };

function cutWith(use: KernelUse, source: Uint8Array, walked: Indexed, mcus: Mcus): Uint8Array | undefined {
  const { structure, index } = walked;
  const { members } = structure.scans[0]!;
  const tables = members.flatMap(({ dc, ac }) => [dc!, ac!]);
  const encoders = encodersOf(use, tables);
  const output = bitWriter(scanBytes(walked, mcus));
  const patches = { pointer: 0, count: 0 };
  const edit = openKernelEdit(use, { source, structure, index, patches, encoders, output, pass: 'copy' });
  try {
    for (let row = mcus.top; row < mcus.bottom; row++) {
      if (row > mcus.top) writeBytes(output, Uint8Array.of(0xff, marker.rst0 + ((row - mcus.top - 1) % 8)));
      if (!writeRow(edit, row, mcus)) return undefined;
    }
  } catch (error) {
    // A DC value that no encoder writes.
    if (error instanceof EditError && error.code === 'KIND_UNSUPPORTED') return undefined;
    throw error;
  }
  writeBytes(output, Uint8Array.of(0xff, marker.eoi));
  const header = headerOf(source, structure, mcus, members.flatMap(tablesOf(use, encoders)));
  return joinParts([...header, output.bytes.subarray(0, output.length)]);
}

/** About as many bytes as the part takes, with more of stuffing than is usual. */
function scanBytes({ structure, index }: Indexed, mcus: Mcus): number {
  let bits = 0;
  for (let row = mcus.top; row < mcus.bottom; row++) {
    const { first, end } = rowOf(structure, row, mcus);
    bits += bitBehind(index, end) - index.positions[first]!;
  }
  return Math.ceil((bits / 8) * 1.06) + 16 * (mcus.bottom - mcus.top);
}

/** The part of a row: its first MCU, and the one behind it. */
const rowOf = ({ mcusWide }: JpegStructure, row: number, { left, right }: Mcus) => ({
  first: row * mcusWide + left,
  end: row * mcusWide + right,
});

/** Writes one row of MCUs, from DC values of 0; false when an encoder is full. */
function writeRow(edit: KernelEdit, row: number, mcus: Mcus): boolean {
  const { structure, index } = edit;
  const components = structure.components.length;
  const { positions, predictors } = index;
  const { first, end } = rowOf(structure, row, mcus);
  const before = predictors.subarray(first * components, (first + 1) * components);
  standAt(
    edit,
    first,
    Array.from(before, (value) => -value),
  );
  edit.scan.reader.position = positions[first]! % 8;
  if (!editMcus(edit, first, first + 1)) return false;
  copyTo(edit, bitBehind(index, end));
  endBits(edit.writer);
  return true;
}

const tablesOf =
  (use: KernelUse, encoders: ReadonlyMap<object, KernelEncoder>) =>
  ({ dc, ac }: ScanMember): Uint8Array[] =>
    [dc!, ac!].map((table) =>
      segment(
        marker.dht,
        encodeHuffmanTable(table.tableClass, table.id, grownTable(use, encoders.get(table)!)),
      ),
    );

function segment(code: number, payload: Uint8Array): Uint8Array {
  const length = payload.length + 2;
  return Uint8Array.from([0xff, code, length >> 8, length & 0xff, ...payload]);
}

/** All that decodes the part. */
function headerOf(
  source: Uint8Array,
  structure: JpegStructure,
  { left, top, right, bottom }: Mcus,
  tables: readonly Uint8Array[],
): Uint8Array[] {
  const mcu = mcuSize(structure);
  const width = Math.min((right - left) * mcu.width, structure.width - left * mcu.width);
  const height = Math.min((bottom - top) * mcu.height, structure.height - top * mcu.height);
  const bytesOf = ({ markerOffset, end }: Segment) => new Uint8Array(source.subarray(markerOffset, end));
  const parts = [Uint8Array.of(0xff, marker.soi)];
  for (const part of structure.segments) {
    if (part.marker === marker.sos) {
      const interval = right - left;
      return [
        ...parts,
        ...tables,
        segment(marker.dri, Uint8Array.of(interval >> 8, interval & 0xff)),
        bytesOf(part),
      ];
    }
    if (isFrameMarker(part.marker)) parts.push(withSize(bytesOf(part), width, height));
    else if (part.marker === marker.dqt || governsReading(source, part)) parts.push(bytesOf(part));
  }
  return parts;
}

/** A frame header for other pixels. */
function withSize<Frame extends Uint8Array>(frame: Frame, width: number, height: number): Frame {
  frame.set([height >> 8, height & 0xff, width >> 8, width & 0xff], 5);
  return frame;
}

/** Colours, and what the decoder notes of orientation and density. */
const governsReading = (source: Uint8Array, { marker: code, dataOffset }: Segment): boolean =>
  (code === marker.app0 && startsWith(source, dataOffset, 'JFIF\0')) ||
  (code === marker.app1 && startsWith(source, dataOffset, 'Exif\0')) ||
  (code === marker.app2 && startsWith(source, dataOffset, 'ICC_PROFILE\0')) ||
  (code === marker.app14 && startsWith(source, dataOffset, 'Adobe'));
