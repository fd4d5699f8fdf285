/** A TIFF structure inside a segment, as EXIF and MPF carry it. Offsets count from its own first byte. */
export interface Tiff {
  readonly view: DataView;
  readonly isLittle: boolean;
}

export interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Of the value field, 4 bytes: the value or its offset. */
  readonly valueAt: number;
}

export interface TiffDirectory {
  readonly offset: number;
  readonly end: number;
  readonly entries: readonly TiffEntry[];
  /** Where the offset of the next directory stands, and that offset; 0 for none. */
  readonly nextAt: number;
  readonly next: number;
}

const entryBytes = 12;

/** `undefined` when the bytes do not begin as a TIFF. */
export function openTiff(bytes: Uint8Array): Tiff | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const isLittle = order === 0x4949;
  return view.getUint16(2, isLittle) === 42 ? { view, isLittle } : undefined;
}

/** The directory at an offset; `undefined` when it does not lie inside. @see TIFF 6.0, section 2. */
export function readDirectory({ view, isLittle }: Tiff, offset: number): TiffDirectory | undefined {
  if (offset < 8 || offset + 2 > view.byteLength) return undefined;
  const count = view.getUint16(offset, isLittle);
  const nextAt = offset + 2 + count * entryBytes;
  if (nextAt + 4 > view.byteLength) return undefined;
  const entries = Array.from({ length: count }, (_, i) => {
    const at = offset + 2 + i * entryBytes;
    return {
      tag: view.getUint16(at, isLittle),
      type: view.getUint16(at + 2, isLittle),
      count: view.getUint32(at + 4, isLittle),
      valueAt: at + 8,
    };
  });
  return { offset, end: nextAt + 4, entries, nextAt, next: view.getUint32(nextAt, isLittle) };
}

/** The first directory. */
export const firstDirectory = (tiff: Tiff): TiffDirectory | undefined =>
  readDirectory(tiff, tiff.view.getUint32(4, tiff.isLittle));

/** A single SHORT or LONG; `undefined` for anything else. */
export function readNumber({ view, isLittle }: Tiff, entry: TiffEntry | undefined): number | undefined {
  if (entry?.count !== 1) return undefined;
  if (entry.type === 3) return view.getUint16(entry.valueAt, isLittle);
  return entry.type === 4 ? view.getUint32(entry.valueAt, isLittle) : undefined;
}
