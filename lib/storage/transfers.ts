import type { ObjectId, ObjectInfo } from './store.ts';

type Version = ObjectId & { readonly generation: string };

/** A part of an object, bytes from 0, both ends included. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One part of an upload. */
interface Chunk {
  /** `Content-Range` as in HTTP: `bytes 0-8388607/20000000`. */
  readonly contentRange: string;
  readonly bytes: Uint8Array;
}

/** What has become of an upload after a part. */
export type ChunkResult =
  | { readonly kind: 'incomplete'; readonly receivedBytes: number }
  | { readonly kind: 'complete' };

/**
 * What an `ObjectStore` does not do: parts of objects, copies and uploads in parts, for those who pass files
 * on. Only `replace` overwrites, and only what it was told to.
 *
 * Every method throws `EditError` `STORAGE_UNAVAILABLE` (passing) or `STORAGE_PERMISSION` (setup).
 */
export interface Transfers {
  /** `undefined` when this generation is gone. */
  readRange(id: Version, range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Copies an object without its custom metadata, unless the target exists: then that stays.
   * @returns `undefined` when the source is gone.
   */
  copy(
    from: Version & { readonly contentType: string },
    to: ObjectId,
    signal: AbortSignal,
  ): Promise<ObjectInfo | undefined>;
  /**
   * Copies an object over a generation of the target, or where there is none if that is `undefined`.
   * @returns false when the target has changed.
   * @throws {EditError} `NOT_FOUND` when the source is gone.
   */
  replace(
    from: Version & { readonly contentType: string },
    to: ObjectId & { readonly generation: string | undefined },
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Begins an upload in parts; the address to which they go. It needs no other right. */
  startUpload(
    id: ObjectId,
    facts: { readonly contentType: string; readonly crc32c?: string | undefined },
    signal: AbortSignal,
  ): Promise<string>;
  /**
   * @throws {EditError} `NOT_FOUND` for an upload that is over, `REQUEST_INVALID` for bytes that are refused.
   */
  sendChunk(address: string, chunk: Chunk, signal: AbortSignal): Promise<ChunkResult>;
}
