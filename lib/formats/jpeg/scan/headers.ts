import { EditError } from '../../../errors.ts';
import { marker, type Segment, uint16 } from '../container/segments.ts';
import { type HuffmanTable, readHuffmanTable } from './huffman.ts';

/** A Huffman table and where in the file it is defined. */
export interface DefinedTable extends HuffmanTable {
  /** 0 for DC, 1 for AC. */
  readonly tableClass: 0 | 1;
  readonly id: number;
  /** Offset of the length field of its DHT segment, and of the byte with its own class and id. */
  readonly lengthOffset: number;
  readonly offset: number;
}

/** The frame header. */
export interface Frame {
  readonly marker: number;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly components: readonly FrameComponent[];
}

interface FrameComponent {
  readonly id: number;
  /** Sampling factors, 1..4. */
  readonly h: number;
  readonly v: number;
  /** Id of its quantisation table. */
  readonly table: number;
}

export interface JpegScan {
  /** Entropy-coded bytes, restart markers included. */
  readonly dataOffset: number;
  readonly dataEnd: number;
  readonly members: readonly ScanMember[];
  /** First and last coefficient in zigzag order. */
  readonly ss: number;
  readonly se: number;
  /** Successive approximation: the bit sent by the scan before, and the one sent by this scan. */
  readonly ah: number;
  readonly al: number;
  /** MCUs between restart markers; 0 for none. */
  readonly restartInterval: number;
}

/** One component in a scan with the Huffman tables in force there. */
export interface ScanMember {
  readonly component: number;
  readonly dc: DefinedTable | undefined;
  readonly ac: DefinedTable | undefined;
}

/** Tables as defined so far. */
export interface TablesInForce {
  /** 64 steps in zigzag order, by table id. */
  readonly quant: (Uint16Array | undefined)[];
  /** By `tableClass << 4 | id`. */
  readonly huffman: Map<number, DefinedTable>;
  restartInterval: number;
}

export const unsupported = (message: string) => new EditError('KIND_UNSUPPORTED', message);
export const unreadable = (message: string) => new EditError('IMAGE_UNREADABLE', message);

/** @see ITU-T T.81, B.2.4.1. */
export function readQuantTables(
  bytes: Uint8Array,
  { dataOffset, end }: Segment,
  into: TablesInForce['quant'],
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

/** @see ITU-T T.81, B.2.4.2. */
export function readHuffmanTables(bytes: Uint8Array, segment: Segment, into: TablesInForce['huffman']): void {
  for (let at = segment.dataOffset; at < segment.end; ) {
    const tableClass = bytes[at]! >> 4;
    const id = bytes[at]! & 15;
    if (tableClass > 1 || id > 3)
      throw unreadable(`Expected a Huffman table at byte ${at}, got ${bytes[at]}`);
    const table = readHuffmanTable(bytes, at + 1, segment.end);
    if (tableClass === 0 && table.symbols.some((symbol) => symbol > 15)) {
      throw unreadable('Expected DC categories of 0 to 15');
    }
    into.set((tableClass << 4) | id, {
      ...table,
      tableClass: tableClass as 0 | 1,
      id,
      lengthOffset: segment.dataOffset - 2,
      offset: at,
    });
    at += 17 + table.symbols.length;
  }
}

/** MCUs between restart markers. */
export function readRestartInterval(bytes: Uint8Array, { dataOffset, end }: Segment): number {
  if (end - dataOffset !== 2) throw unreadable('Expected a restart interval of 2 bytes');
  return uint16(bytes, dataOffset);
}

/** SOF0..SOF15 without DHT, JPG and DAC, which share the range. */
export const isFrameMarker = (code: number) =>
  code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;

/** @see ITU-T T.81, B.2.2. */
export function readFrame(bytes: Uint8Array, segment: Segment): Frame {
  const { dataOffset: at, end } = segment;
  assertEditableProcess(segment.marker);
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
  const components = Array.from({ length: count }, (_, i) => readComponent(bytes, at + 6 + 3 * i));
  if (new Set(components.map(({ id }) => id)).size !== count)
    throw unreadable('Expected components of different ids');
  return { marker: segment.marker, width, height, components };
}

function assertEditableProcess(code: number): void {
  if (code === marker.sof0 || code === marker.sof1 || code === marker.sof2) return;
  if (code === 0xc3) throw unsupported('Expected a DCT process, got lossless JPEG');
  if (code >= 0xc9) throw unsupported('Expected Huffman coding, got arithmetic coding');
  throw unsupported('Expected a single frame, got hierarchical JPEG');
}

function readComponent(bytes: Uint8Array, at: number): FrameComponent {
  const h = bytes[at + 1]! >> 4;
  const v = bytes[at + 1]! & 15;
  if (h < 1 || h > 4 || v < 1 || v > 4)
    throw unreadable(`Expected sampling factors of 1 to 4, got ${h} x ${v}`);
  return { id: bytes[at]!, h, v, table: bytes[at + 2]! };
}

/** @see ITU-T T.81, B.2.3. */
export function readScan(
  bytes: Uint8Array,
  segment: Segment,
  frame: Frame,
  { huffman, restartInterval }: TablesInForce,
): JpegScan {
  const { dataOffset: at, end } = segment;
  const count = bytes[at]!;
  if (end - at < 1 || count < 1 || count > 4 || end - at !== 4 + 2 * count)
    throw unreadable('Expected a scan header');
  const members = Array.from({ length: count }, (_, i) => {
    const componentId = bytes[at + 1 + 2 * i];
    const component = frame.components.findIndex(({ id }) => id === componentId);
    if (component < 0) throw unreadable(`Expected a component of the frame, got ${componentId}`);
    const tableIds = bytes[at + 2 + 2 * i]!;
    return { component, dc: huffman.get(tableIds >> 4), ac: huffman.get(16 | (tableIds & 15)) };
  });
  if (members.some(({ component }, i) => i > 0 && component <= members[i - 1]!.component)) {
    throw unreadable('Expected the components of a scan in the order of the frame');
  }
  const from = at + 1 + 2 * count;
  const approximation = bytes[from + 2]!;
  return {
    dataOffset: end,
    dataEnd: segment.entropyEnd,
    members,
    ss: bytes[from]!,
    se: bytes[from + 1]!,
    ah: approximation >> 4,
    al: approximation & 15,
    restartInterval,
  };
}
