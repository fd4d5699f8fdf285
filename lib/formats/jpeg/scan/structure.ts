import { marker, readSegments, type Segment, startsWith } from '../container/segments.ts';
import {
  type Frame,
  isFrameMarker,
  type JpegScan,
  readFrame,
  readHuffmanTables,
  readQuantTables,
  readRestartInterval,
  readScan,
  type TablesInForce,
  unreadable,
  unsupported,
} from './headers.ts';

export interface JpegComponent {
  /** Sampling factors, 1..4; a file of one component always counts as 1 x 1. */
  readonly h: number;
  readonly v: number;
  /** Pixels of the picture to one sample, across and down: the largest factor by that of the component. */
  readonly pixelsAcross: number;
  readonly pixelsDown: number;
  /** Samples that show; the blocks hold more. */
  readonly width: number;
  readonly height: number;
  /** Blocks as coded in an interleaved scan: whole MCUs. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** 64 quantisation steps in zigzag order, 1..65535. */
  readonly quant: Uint16Array;
}

/** A JPEG whose coefficients this code can edit: 8 bit, Huffman; grey, three colours or CMYK. */
export interface JpegStructure {
  readonly process: 'sequential' | 'progressive';
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * How components become pixels: as they are, from YCbCr, as R, G, B, as four inks, or as inks of which
   * three are YCbCr.
   */
  readonly colour: 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'ycck';
  readonly components: readonly JpegComponent[];
  readonly mcusWide: number;
  readonly mcusHigh: number;
  readonly scans: readonly JpegScan[];
  readonly segments: readonly Segment[];
}

/** True for a file that is walked by code lengths; others are decoded to their coefficients. */
export const isOneScan = ({ process, scans }: JpegStructure): boolean =>
  process === 'sequential' && scans.length === 1;

interface Headers {
  readonly tables: TablesInForce;
  readonly scans: JpegScan[];
  frame: Frame | undefined;
}

/**
 * Headers, tables and scan ranges of a JPEG, each bound checked; no entropy-coded data is decoded.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` names the kind that cannot be edited in its coefficients (arithmetic
 *   coding, lossless, 12 bit, two components, ...); `FORMAT_UNSUPPORTED`, `IMAGE_TRUNCATED` or
 *   `IMAGE_UNREADABLE` when the headers are damaged.
 * @see ITU-T T.81, annex B.
 */
export function readJpegStructure(bytes: Uint8Array): JpegStructure {
  const segments = readSegments(bytes);
  const headers: Headers = {
    tables: { quant: [], huffman: new Map(), restartInterval: 0 },
    scans: [],
    frame: undefined,
  };
  for (const segment of segments) readHeader(bytes, segment, headers);
  const { frame, tables, scans } = headers;
  if (!frame || scans.length === 0) throw unreadable('Expected a frame and a scan, got none');
  const process = frame.marker === marker.sof2 ? 'progressive' : 'sequential';
  const colour = colourOf(bytes, segments, frame);
  return { process, colour, ...layOut(frame, tables.quant, scans), scans, segments };
}

function readHeader(bytes: Uint8Array, segment: Segment, headers: Headers): void {
  const { tables, scans } = headers;
  const { marker: code } = segment;
  if (code === marker.dqt) {
    // Coefficients of all scans are taken to have the same steps.
    if (scans.length > 0)
      throw unsupported('Expected quantisation tables before the first scan, got one later');
    readQuantTables(bytes, segment, tables.quant);
  } else if (code === marker.dht) readHuffmanTables(bytes, segment, tables.huffman);
  else if (code === marker.dri) tables.restartInterval = readRestartInterval(bytes, segment);
  else if (code === marker.dnl) throw unsupported('Expected the height in the frame header, got DNL');
  else if (code === marker.sos) {
    if (!headers.frame) throw unreadable('Expected a frame header before the first scan');
    scans.push(readScan(bytes, segment, headers.frame, tables));
  } else if (isFrameMarker(code)) {
    if (headers.frame) throw unreadable('Expected one frame header, got two');
    headers.frame = readFrame(bytes, segment);
  }
}

/** The grid of samples, blocks and MCUs. */
function layOut(
  { width, height, components: entries }: Frame,
  quant: TablesInForce['quant'],
  scans: readonly JpegScan[],
): Omit<JpegStructure, 'process' | 'colour' | 'scans' | 'segments'> {
  const sampled = entries.length === 1 ? entries.map((entry) => ({ ...entry, h: 1, v: 1 })) : entries;
  const maxH = Math.max(...sampled.map(({ h }) => h));
  const maxV = Math.max(...sampled.map(({ v }) => v));
  const mcusWide = Math.ceil(width / (8 * maxH));
  const mcusHigh = Math.ceil(height / (8 * maxV));
  const mcuBlocks = sampled.reduce((sum, { h, v }) => sum + h * v, 0);
  if (mcuBlocks > 10 && scans.some(({ members }) => members.length > 1)) {
    throw unreadable(`Expected at most 10 blocks in an MCU, got ${mcuBlocks}`);
  }
  const components = sampled.map(({ h, v, table }): JpegComponent => {
    const steps = quant[table];
    if (!steps) throw unreadable(`Expected quantisation table ${table} before the first scan`);
    if (maxH % h !== 0 || maxV % v !== 0) throw unsupported('Expected whole sampling ratios');
    return {
      h,
      v,
      pixelsAcross: maxH / h,
      pixelsDown: maxV / v,
      width: Math.ceil((width * h) / maxH),
      height: Math.ceil((height * v) / maxV),
      blocksWide: mcusWide * h,
      blocksHigh: mcusHigh * v,
      quant: steps,
    };
  });
  return { width, height, components, mcusWide, mcusHigh };
}

/** The rule of libjpeg: JFIF means YCbCr, else Adobe's transform decides, else the component ids. */
function colourOf(
  bytes: Uint8Array,
  segments: readonly Segment[],
  { components }: Frame,
): JpegStructure['colour'] {
  if (components.length === 1) return 'grey';
  const isCalled = (name: string, code: number, length: number) => (s: Segment) =>
    s.marker === code && startsWith(bytes, s.dataOffset, name) && s.end - s.dataOffset >= length;
  if (components.length === 3 && segments.some(isCalled('JFIF\0', marker.app0, 14))) return 'ycbcr';
  const adobe = segments.findLast(isCalled('Adobe', marker.app14, 12));
  const transform = adobe && bytes[adobe.dataOffset + 11];
  if (components.length === 4) return transform === undefined || transform === 0 ? 'cmyk' : 'ycck';
  if (transform !== undefined) return transform === 0 ? 'rgb' : 'ycbcr';
  return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycbcr';
}
