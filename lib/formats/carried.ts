/** A file encoded anew, and the one it was made from, whose metadata it is to carry. */
export interface CarryJob {
  readonly source: Uint8Array;
  /** The pixels are taken from here, and nothing else. */
  readonly written: Uint8Array;
  /** An XMP packet in place of the source's; `undefined` keeps that one. */
  readonly xmp: string | undefined;
}

export interface Carried {
  readonly bytes: Buffer;
  /** What was left behind because the edit makes it untrue, or because nobody can tell. */
  readonly dropped: readonly string[];
  /** What became of the file besides, in sentences. */
  readonly notes: readonly string[];
}
