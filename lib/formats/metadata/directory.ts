/** A TIFF structure: a file, or the block of EXIF and MPF. Offsets count from its first byte. */
export interface Tiff {
  readonly view: DataView;
  readonly isLittle: boolean;
}

export interface TiffEntry {
  readonly tag: number;
  readonly type: number;
  /** The number of values. */
  readonly count: number;
  /** Offset of the 4 byte field that holds the value, or the offset of longer values. */
  readonly valueAt: number;
}

export interface TiffDirectory {
  readonly offset: number;
  readonly end: number;
  readonly entries: readonly TiffEntry[];
  /** Offset of the field that links to the next directory. */
  readonly nextAt: number;
  /** Offset of the next directory; 0 for none. */
  readonly next: number;
}

/** A TIFF structure and its first directory. */
export interface OpenedTiff {
  readonly tiff: Tiff;
  readonly directory: TiffDirectory;
}

const entryBytes = 12;

/** Opens a TIFF; `undefined` for other files, for BigTIFF, or when the first directory is outside. */
export function openTiff(bytes: Uint8Array): OpenedTiff | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined;
  const isLittle = order === 0x4949;
  if (view.getUint16(2, isLittle) !== 42) return undefined;
  const tiff = { view, isLittle };
  const directory = readDirectory(tiff, view.getUint32(4, isLittle));
  return directory && { tiff, directory };
}

/** Reads the directory at an offset; `undefined` when it is not inside the file. @see TIFF 6.0, section 2. */
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

/**
 * Bytes of one number, by type; a RATIONAL is two numbers of 4 bytes.
 *
 * @see TIFF 6.0, section 2, and Technical Note 1 for type 13.
 */
const unitBytes: readonly number[] = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4];
const rationalTypes: ReadonlySet<number> = new Set([5, 10]);
/** Longer values are stored elsewhere, and the entry holds their offset. */
const inlineBytes = 4;

/** The values of one entry. */
export interface TiffValue {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** In the byte order of its file. */
  readonly data: Uint8Array;
}

/** Reads the values; `undefined` for an unknown type, or values that are not inside the file. */
export function readValue({ view, isLittle }: Tiff, entry: TiffEntry): TiffValue | undefined {
  const { tag, type, count, valueAt } = entry;
  const length = count * (unitBytes[type] ?? 0) * (rationalTypes.has(type) ? 2 : 1);
  const at = length <= inlineBytes ? valueAt : view.getUint32(valueAt, isLittle);
  if (length === 0 || at + length > view.byteLength) return undefined;
  return { tag, type, count, data: new Uint8Array(view.buffer, view.byteOffset + at, length) };
}

/** Converts values to the other byte order. */
export function swapped(value: TiffValue): TiffValue {
  const unit = unitBytes[value.type]!;
  const data = new Uint8Array(value.data.length);
  for (let i = 0; i < data.length; i++) {
    const within = i % unit;
    data[i] = value.data[i - within + unit - 1 - within]!;
  }
  return { ...value, data };
}

/**
 * Encodes a directory, followed by the values that do not fit into its entries. It links to no next
 * directory.
 *
 * @param at offset of the directory in its file; even.
 */
export function encodeDirectory(values: readonly TiffValue[], at: number, isLittle: boolean): Uint8Array {
  const sorted = values.toSorted((a, b) => a.tag - b.tag);
  const places: number[] = [];
  let end = 2 + sorted.length * entryBytes + 4;
  for (const { data } of sorted) {
    places.push(end);
    // Values begin at even offsets.
    if (data.length > inlineBytes) end += data.length + (data.length & 1);
  }
  const out = new Uint8Array(end);
  const view = new DataView(out.buffer);
  view.setUint16(0, sorted.length, isLittle);
  sorted.forEach(({ tag, type, count, data }, i) => {
    const entry = 2 + i * entryBytes;
    view.setUint16(entry, tag, isLittle);
    view.setUint16(entry + 2, type, isLittle);
    view.setUint32(entry + 4, count, isLittle);
    if (data.length > inlineBytes) view.setUint32(entry + 8, at + places[i]!, isLittle);
    out.set(data, data.length > inlineBytes ? places[i] : entry + 8);
  });
  return out;
}

/** The first value of an entry of type SHORT or LONG; `undefined` for other types. */
export function firstNumber(tiff: Tiff, entry: TiffEntry | undefined): number | undefined {
  const value = entry && readValue(tiff, entry);
  if (value === undefined) return undefined;
  const view = new DataView(value.data.buffer, value.data.byteOffset, value.data.length);
  if (value.type === 3) return view.getUint16(0, tiff.isLittle);
  return value.type === 4 ? view.getUint32(0, tiff.isLittle) : undefined;
}

/** The first value of a tag, as {@link firstNumber}. */
export const numberAt = (tiff: Tiff, { entries }: TiffDirectory, tag: number): number | undefined =>
  firstNumber(
    tiff,
    entries.find((entry) => entry.tag === tag),
  );

export function uint32(value: number, isLittle: boolean): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, isLittle);
  return data;
}
