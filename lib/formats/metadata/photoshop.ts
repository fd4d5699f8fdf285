/** Resources that hold a preview. @see Adobe Photoshop File Formats, "Image resource IDs". */
const thumbnailIds: ReadonlySet<number> = new Set([1033, 1036]);
/** The shortest resource: `8BIM`, id, an empty name, length. */
const shortestBytes = 12;

/**
 * Removes the preview from Photoshop's image resources.
 *
 * @param resources a sequence of resources, each beginning with `8BIM`.
 * @returns `undefined` when there is no preview, or the resources are damaged.
 */
export function withoutPhotoshopThumbnail(resources: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(resources.buffer, resources.byteOffset, resources.length);
  const kept: Uint8Array[] = [];
  let hasThumbnail = false;
  let at = 0;
  while (at + shortestBytes <= bytes.length && bytes.toString('latin1', at, at + 4) === '8BIM') {
    // A length byte and the name, padded to an even length.
    const sizeAt = at + 6 + ((bytes[at + 6]! + 2) & ~1);
    if (sizeAt + 4 > bytes.length) return undefined;
    const size = bytes.readUInt32BE(sizeAt);
    const end = Math.min(sizeAt + 4 + size + (size & 1), bytes.length);
    if (thumbnailIds.has(bytes.readUInt16BE(at + 4))) hasThumbnail = true;
    else kept.push(bytes.subarray(at, end));
    at = end;
  }
  return hasThumbnail ? Buffer.concat([...kept, bytes.subarray(at)]) : undefined;
}
