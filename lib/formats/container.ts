/** A named piece of a file: a marker segment of a JPEG, a chunk of a PNG or of a RIFF file such as WebP. */
export interface Chunk<Name = string> {
  readonly name: Name;
  /** The payload, without name, length and checksum. */
  readonly data: Uint8Array;
}

/** What becomes of one chunk. */
export interface Fate<C> {
  /** The chunk that takes its place; `undefined` drops it. */
  readonly chunk: C | undefined;
  /** The name under which the report lists what was lost. */
  readonly lost?: string | undefined;
}

/**
 * Keeps, drops or replaces each chunk; the order stays.
 *
 * @param lost collects what the report lists as dropped.
 */
export function siftChunks<C>(chunks: readonly C[], fateOf: (chunk: C) => Fate<C>, lost: Set<string>): C[] {
  return chunks.flatMap((chunk) => {
    const fate = fateOf(chunk);
    if (fate.lost !== undefined) lost.add(fate.lost);
    return fate.chunk === undefined ? [] : [fate.chunk];
  });
}

/** Joins the parts of a file in memory of its own, which can be released as a whole. */
export function joinParts(parts: readonly Uint8Array[]): Buffer {
  const file = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** A file encoded anew, and the source whose metadata it should carry. */
export interface CarryJob {
  readonly source: Uint8Array;
  /** Only the pixels are taken from here. */
  readonly written: Uint8Array;
  /** Replaces the XMP packet of the source; `undefined` keeps it. */
  readonly xmp: string | undefined;
}

/** The file with the metadata that are still true. */
export interface Carried {
  readonly bytes: Buffer;
  /** Metadata that the edit makes untrue, or of unknown meaning, in words of the report. */
  readonly dropped: readonly string[];
  /** Other changes of the file, in sentences. */
  readonly notes: readonly string[];
}
