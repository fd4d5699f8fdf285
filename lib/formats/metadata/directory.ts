/** A TIFF structure: a file, or a block as EXIF and MPF carry it. Offsets count from its own first byte. */
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

/** Bytes of one number of each type: a RATIONAL is two of 4. @see TIFF 6.0, section 2; type 13 is that of Technical Note 1. */
const unitBytes: readonly number[] = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4];
const rationalTypes: ReadonlySet<number> = new Set([5, 10]);
/** Longer data stand elsewhere, and the entry holds their offset. */
const inlineBytes = 4;

/** The values of an entry, taken out of a file. */
export interface TiffValue {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** In the byte order of the file it came from. */
  readonly data: Uint8Array;
}

/** `undefined` when the type is not known, or the values do not lie inside of the file. */
export function readValue({ view, isLittle }: Tiff, entry: TiffEntry): TiffValue | undefined {
  const { tag, type, count, valueAt } = entry;
  const length = count * (unitBytes[type] ?? 0) * (rationalTypes.has(type) ? 2 : 1);
  const at = length <= inlineBytes ? valueAt : view.getUint32(valueAt, isLittle);
  if (length === 0 || at + length > view.byteLength) return undefined;
  return { tag, type, count, data: new Uint8Array(view.buffer, view.byteOffset + at, length) };
}

/** The same value in the other byte order. */
export function swapped(value: TiffValue): TiffValue {
  const unit = unitBytes[value.type]!;
  const data = new Uint8Array(value.data.length);
  for (let i = 0; i < data.length; i++) {
    const within = i % unit;
    data[i] = value.data[i - within + unit - 1 - within]!;
  }
  return { ...value, data };
}

/** A directory that stands at the even offset `at`, the data of its entries behind it. It has no next one. */
export function encodeDirectory(values: readonly TiffValue[], at: number, isLittle: boolean): Uint8Array {
  const sorted = values.toSorted((a, b) => a.tag - b.tag);
  const places: number[] = [];
  let end = 2 + sorted.length * entryBytes + 4;
  for (const { data } of sorted) {
    places.push(end);
    // Data begin at even offsets.
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

/** The first of the values, SHORT or LONG, that stand under a tag. */
export function firstNumber(tiff: Tiff, entries: readonly TiffEntry[], name: number): number | undefined {
  const entry = entries.find(({ tag }) => tag === name);
  const value = entry && readValue(tiff, entry);
  if (value === undefined) return undefined;
  const view = new DataView(value.data.buffer, value.data.byteOffset, value.data.length);
  if (value.type === 3) return view.getUint16(0, tiff.isLittle);
  return value.type === 4 ? view.getUint32(0, tiff.isLittle) : undefined;
}
