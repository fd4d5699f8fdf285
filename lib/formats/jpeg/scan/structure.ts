import { EditError } from '../../../errors.ts';
import { marker, readSegments, type Segment, startsWith, uint16 } from '../segments.ts';
import { type HuffmanTable, readHuffmanTable } from './huffman.ts';

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors, 1..4; a file of one component always counts as 1 x 1. */
  readonly h: number;
  readonly v: number;
  /** Pixels of the picture to one sample, across and down: `maxH / h`, `maxV / v`. */
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

export interface JpegScan {
  /** Of the SOS marker. */
  readonly offset: number;
  /** Entropy-coded bytes, restart markers included. */
  readonly dataOffset: number;
  readonly dataEnd: number;
  readonly members: readonly ScanMember[];
  /** First and last coefficient in zigzag order, bits of successive approximation: high and low. */
  readonly ss: number;
  readonly se: number;
  readonly ah: number;
  readonly al: number;
  /** MCUs between restart markers; 0 without. */
  readonly restartInterval: number;
}

/** One component in a scan with the tables in force there. */
export interface ScanMember {
  readonly component: number;
  readonly dc: DefinedTable | undefined;
  readonly ac: DefinedTable | undefined;
}

/** A Huffman table and where in the file it was defined. */
export interface DefinedTable extends HuffmanTable {
  readonly tableClass: 0 | 1;
  readonly id: number;
  /** Of the length field of its DHT segment, and of its own class and id byte in there. */
  readonly lengthOffset: number;
  readonly offset: number;
}

/** A JPEG whose coefficients this code can edit: 8 bit, Huffman; grey, three colours or CMYK. */
export interface JpegStructure {
  readonly process: 'sequential' | 'progressive';
  readonly width: number;
  readonly height: number;
  /** How components become pixels: as they are, through YCbCr, as R, G, B, as four inks, or three of them through YCbCr. */
  readonly colour: 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'ycck';
  readonly components: readonly JpegComponent[];
  readonly maxH: number;
  readonly maxV: number;
  readonly mcusWide: number;
  readonly mcusHigh: number;
  readonly scans: readonly JpegScan[];
  readonly segments: readonly Segment[];
}

interface Tables {
  readonly quant: (Uint16Array | undefined)[];
  readonly huffman: Map<number, DefinedTable>;
  restartInterval: number;
}

interface Frame {
  readonly segment: Segment;
  readonly width: number;
  readonly height: number;
  readonly entries: readonly { id: number; h: number; v: number; table: number }[];
}

const unsupported = (message: string) => new EditError('KIND_UNSUPPORTED', message);
const unreadable = (message: string) => new EditError('IMAGE_UNREADABLE', message);

/**
 * Headers, tables and scan ranges of a JPEG, each bound checked; no entropy-coded data is decoded.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` names the kind that cannot be edited in its coefficients (arithmetic coding, lossless,
 *   12 bit, two components, ...); `FORMAT_UNSUPPORTED`, `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` when the headers are not a JPEG's.
 * @see ITU-T T.81, annex B.
 */
export function readJpegStructure(bytes: Uint8Array): JpegStructure {
  const segments = readSegments(bytes);
  const tables: Tables = { quant: [], huffman: new Map(), restartInterval: 0 };
  let frame: Frame | undefined;
  let quantAtFirstScan: (Uint16Array | undefined)[] | undefined;
  const scans: JpegScan[] = [];
  for (const segment of segments) {
    if (segment.marker === marker.dqt) {
      if (quantAtFirstScan)
        throw unsupported('Expected quantisation tables before the first scan, got one later');
      readQuantTables(bytes, segment, tables.quant);
    } else if (segment.marker === marker.dht) readHuffmanTables(bytes, segment, tables.huffman);
    else if (segment.marker === marker.dri) tables.restartInterval = readRestartInterval(bytes, segment);
    else if (segment.marker === marker.dnl)
      throw unsupported('Expected the height in the frame header, got DNL');
    else if (isFrame(segment.marker)) {
      if (frame) throw unreadable('Expected one frame header, got two');
      frame = readFrame(bytes, segment);
    } else if (segment.marker === marker.sos) {
      if (!frame) throw unreadable('Expected a frame header before the first scan');
      quantAtFirstScan ??= [...tables.quant];
      scans.push(readScan(bytes, segment, frame, tables));
    }
  }
  if (!frame || scans.length === 0) throw unreadable('Expected a frame and a scan, got none');
  return assemble(bytes, segments, frame, quantAtFirstScan ?? [], scans);
}

/** SOF0..SOF15 without DHT, JPG and DAC, which share the range. */
const isFrame = (code: number) =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

function readQuantTables(
  bytes: Uint8Array,
  { dataOffset, end }: Segment,
  into: (Uint16Array | undefined)[],
): void {
  for (let at = dataOffset; at < end; ) {
    const wide = bytes[at]! >> 4;
    const id = bytes[at]! & 15;
    const size = wide ? 128 : 64;
    at++;
    if (wide > 1 || id > 3 || at + size > end)
      throw unreadable(`Expected a quantisation table at byte ${at}`);
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) table[k] = wide ? uint16(bytes, at + 2 * k) : bytes[at + k]!;
    if (table.includes(0)) throw unreadable('Expected quantisation steps of 1 or more, got 0');
    into[id] = table;
    at += size;
  }
}

function readHuffmanTables(bytes: Uint8Array, segment: Segment, into: Map<number, DefinedTable>): void {
  for (let at = segment.dataOffset; at < segment.end; ) {
    const tableClass = bytes[at]! >> 4;
    const id = bytes[at]! & 15;
    if (tableClass > 1 || id > 3)
      throw unreadable(`Expected a Huffman table at byte ${at}, got ${bytes[at]}`);
    const table = readHuffmanTable(bytes, at + 1, segment.end);
    if (tableClass === 0 && table.symbols.some((symbol) => symbol > 15)) {
      throw unreadable('Expected DC categories of 0 to 15');
    }
    const kind = tableClass as 0 | 1;
    into.set((kind << 4) | id, {
      ...table,
      tableClass: kind,
      id,
      lengthOffset: segment.dataOffset - 2,
      offset: at,
    });
    at += 17 + table.symbols.length;
  }
}

function readRestartInterval(bytes: Uint8Array, { dataOffset, end }: Segment): number {
  if (end - dataOffset !== 2) throw unreadable('Expected a restart interval of 2 bytes');
  return uint16(bytes, dataOffset);
}

function readFrame(bytes: Uint8Array, segment: Segment): Frame {
  const { dataOffset: at, end } = segment;
  refuseProcess(segment.marker);
  const count = bytes[at + 5];
  if (end - at < 6 || count === undefined || end - at !== 6 + 3 * count)
    throw unreadable('Expected a frame header');
  if (bytes[at] !== 8) throw unsupported(`Expected 8 bits a sample, got ${bytes[at]}`);
  const height = uint16(bytes, at + 1);
  const width = uint16(bytes, at + 3);
  if (height === 0) throw unsupported('Expected the height in the frame header, got 0 (DNL)');
  if (width === 0) throw unreadable('Expected a width of 1 or more, got 0');
  if (count !== 1 && count !== 3 && count !== 4)
    throw unsupported(`Expected 1, 3 or 4 components, got ${count}`);
  const entries = Array.from({ length: count }, (_, i) => {
    const from = at + 6 + 3 * i;
    const sampling = bytes[from + 1]!;
    const [h, v] = count === 1 ? [1, 1] : [sampling >> 4, sampling & 15];
    if ((sampling >> 4) - 1 > 3 || (sampling & 15) - 1 > 3 || sampling >> 4 === 0 || (sampling & 15) === 0) {
      throw unreadable(`Expected sampling factors of 1 to 4, got ${sampling >> 4} x ${sampling & 15}`);
    }
    return { id: bytes[from]!, h: h!, v: v!, table: bytes[from + 2]! };
  });
  if (new Set(entries.map(({ id }) => id)).size !== count)
    throw unreadable('Expected components of different ids');
  return { segment, width, height, entries };
}

function refuseProcess(code: number): void {
  if (code === marker.sof0 || code === marker.sof1 || code === marker.sof2) return;
  if (code === 0xc3) throw unsupported('Expected a DCT process, got lossless JPEG');
  if (code >= 0xc9) throw unsupported('Expected Huffman coding, got arithmetic coding');
  throw unsupported('Expected a single frame, got hierarchical JPEG');
}

function readScan(bytes: Uint8Array, segment: Segment, frame: Frame, tables: Tables): JpegScan {
  const { dataOffset: at, end } = segment;
  const count = bytes[at]!;
  if (end - at < 1 || count < 1 || count > 4 || end - at !== 4 + 2 * count)
    throw unreadable('Expected a scan header');
  const members = Array.from({ length: count }, (_, i) => {
    const component = frame.entries.findIndex(({ id }) => id === bytes[at + 1 + 2 * i]);
    if (component < 0) throw unreadable(`Expected a component of the frame, got ${bytes[at + 1 + 2 * i]}`);
    const ids = bytes[at + 2 + 2 * i]!;
    return { component, dc: tables.huffman.get(ids >> 4), ac: tables.huffman.get(16 | (ids & 15)) };
  });
  if (members.some(({ component }, i) => i > 0 && component <= members[i - 1]!.component)) {
    throw unreadable('Expected the components of a scan in the order of the frame');
  }
  const from = at + 1 + 2 * count;
  const approximation = bytes[from + 2]!;
  return {
    offset: segment.offset,
    dataOffset: end,
    dataEnd: segment.entropyEnd,
    members,
    ss: bytes[from]!,
    se: bytes[from + 1]!,
    ah: approximation >> 4,
    al: approximation & 15,
    restartInterval: tables.restartInterval,
  };
}

function assemble(
  bytes: Uint8Array,
  segments: readonly Segment[],
  frame: Frame,
  quant: readonly (Uint16Array | undefined)[],
  scans: readonly JpegScan[],
): JpegStructure {
  const { width, height, entries } = frame;
  const maxH = Math.max(...entries.map(({ h }) => h));
  const maxV = Math.max(...entries.map(({ v }) => v));
  const mcusWide = Math.ceil(width / (8 * maxH));
  const mcusHigh = Math.ceil(height / (8 * maxV));
  if (
    entries.reduce((sum, { h, v }) => sum + h * v, 0) > 10 &&
    scans.some(({ members }) => members.length > 1)
  ) {
    throw unreadable('Expected at most 10 blocks in an MCU');
  }
  const components = entries.map(({ id, h, v, table }): JpegComponent => {
    const steps = quant[table];
    if (!steps) throw unreadable(`Expected quantisation table ${table} before the first scan`);
    if (maxH % h !== 0 || maxV % v !== 0) throw unsupported('Expected whole sampling ratios');
    return {
      id,
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
  const process = frame.segment.marker === marker.sof2 ? 'progressive' : 'sequential';
  const colour = colourOf(bytes, segments, entries);
  return { process, width, height, colour, components, maxH, maxV, mcusWide, mcusHigh, scans, segments };
}

/** The rule of libjpeg: JFIF means YCbCr, then Adobe's transform decides, then the component ids. */
function colourOf(
  bytes: Uint8Array,
  segments: readonly Segment[],
  entries: Frame['entries'],
): JpegStructure['colour'] {
  if (entries.length === 1) return 'grey';
  const isJfif = (s: Segment) =>
    s.marker === marker.app0 && startsWith(bytes, s.dataOffset, 'JFIF\0') && s.end - s.dataOffset >= 14;
  if (entries.length === 3 && segments.some(isJfif)) return 'ycbcr';
  const adobe = segments.findLast(
    (s) =>
      s.marker === marker.app14 && startsWith(bytes, s.dataOffset, 'Adobe') && s.end - s.dataOffset >= 12,
  );
  const transform = adobe && bytes[adobe.dataOffset + 11];
  if (entries.length === 4) return transform === undefined || transform === 0 ? 'cmyk' : 'ycck';
  if (transform !== undefined) return transform === 0 ? 'rgb' : 'ycbcr';
  return String.fromCharCode(...entries.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycbcr';
}
