/** A marker segment; text is Latin-1. */
export function segment(marker: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const payload = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  );
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([head, payload]);
}

/** Inserts segments after SOI, and appends bytes after EOI. */
export const withSegments = (file: Uint8Array, segments: readonly Uint8Array[], trailer = ''): Buffer =>
  Buffer.concat([file.subarray(0, 2), ...segments, file.subarray(2), Buffer.from(trailer, 'latin1')]);
