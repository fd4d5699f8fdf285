/** The boxes before the coded pictures describe them. They take some kilobytes, never more than this. */
const headBytes = 65_536;

/** The largest box of brands, in bytes: more than any file has. */
const mostBrands = 128;

/** True for AVIF; false for HEIC, which has the same container. @see AV1 Image File Format, 6. */
export function isAvif(bytes: Uint8Array): boolean {
  const head = latin1(bytes, mostBrands);
  const end = ((uint16(bytes, 0) ?? 0) << 16) | (uint16(bytes, 2) ?? 0);
  return head.slice(4, 8) === 'ftyp' && /^(?:.{4})*?avi[fs]/s.test(head.slice(8, Math.max(8, end)));
}

/** Code points of an `nclx` box for sRGB, or for "unspecified". @see ITU-T H.273, tables 2 and 3. */
const primaries: ReadonlySet<number> = new Set([1, 2]);
const transfers: ReadonlySet<number> = new Set([1, 2, 6, 13]);

/** Names wide gamut and HDR colours that have code points but no profile: they would be lost. */
export function foreignColours(bytes: Uint8Array): string | undefined {
  const head = latin1(bytes, headBytes);
  for (let at = head.indexOf('colrnclx'); at >= 0; at = head.indexOf('colrnclx', at + 1)) {
    const [primary = 2, transfer = 2] = [uint16(bytes, at + 8), uint16(bytes, at + 10)];
    if (!primaries.has(primary) || !transfers.has(transfer)) {
      return `colour primaries ${primary} and transfer characteristics ${transfer}`;
    }
  }
  return undefined;
}

/** Names the items that are lost: libvips writes one picture with alpha, profile, EXIF and XMP only. */
export function otherItems(bytes: Uint8Array): string[] {
  const head = latin1(bytes, headBytes);
  return Object.entries({ tmap: 'gain map', thmb: 'thumbnail', jumb: 'c2pa' })
    .filter(([type]) => head.includes(type))
    .map(([, name]) => name);
}

const latin1 = (bytes: Uint8Array, length: number) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.length)).toString('latin1');

function uint16(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  return high === undefined || low === undefined ? undefined : (high << 8) | low;
}
