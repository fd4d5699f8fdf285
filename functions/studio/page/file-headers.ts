interface Size {
  readonly width: number;
  readonly height: number;
}

const textAt = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/** A photo as phones of Apple save it: an ISO file whose brand is one of these. */
export const isHeic = (bytes: Uint8Array): boolean =>
  textAt(bytes, 4, 4) === 'ftyp' && /^(heic|heix|heim|heis|hevc|mif1|msf1)$/.test(textAt(bytes, 8, 4));

/** The first bytes of a TIFF, or of a BigTIFF. */
export const isTiff = (bytes: Uint8Array): boolean => /^(II[*+]\0|MM\0[*+])$/.test(textAt(bytes, 0, 4));

const tags = { width: 256, height: 257, orientation: 274 } as const;
const shortType = 3;

/**
 * The size of the first page of a TIFF as it is displayed, from its header; `undefined` where the file has
 * none, or is a BigTIFF.
 *
 * @see TIFF 6.0, 2 (image file directory).
 */
export async function tiffSize(file: Blob): Promise<Size | undefined> {
  const head = new DataView(await file.slice(0, 8).arrayBuffer());
  if (head.byteLength < 8) return undefined;
  const isLittle = head.getUint16(0) === 0x4949;
  if (head.getUint16(2, isLittle) !== 42) return undefined;
  const at = head.getUint32(4, isLittle);
  const count = new DataView(await file.slice(at, at + 2).arrayBuffer());
  if (count.byteLength < 2) return undefined;
  const entryBytes = 12;
  const length = count.getUint16(0, isLittle) * entryBytes;
  const entries = new DataView(await file.slice(at + 2, at + 2 + length).arrayBuffer());
  const values = new Map<number, number>();
  for (let entry = 0; entry + entryBytes <= entries.byteLength; entry += entryBytes) {
    const isShort = entries.getUint16(entry + 2, isLittle) === shortType;
    const value = isShort ? entries.getUint16(entry + 8, isLittle) : entries.getUint32(entry + 8, isLittle);
    values.set(entries.getUint16(entry, isLittle), value);
  }
  const [width, height] = [values.get(tags.width), values.get(tags.height)];
  if (!width || !height) return undefined;
  // From 5 on, the picture lies on its side.
  return (values.get(tags.orientation) ?? 1) < 5 ? { width, height } : { width: height, height: width };
}
