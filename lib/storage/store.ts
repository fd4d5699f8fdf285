/** An object's metadata at one moment. Generations are opaque: compared for equality, never ordered. */
export interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: string;
  readonly sizeBytes: number;
  readonly crc32c: string;
  readonly contentType: string;
  /** Custom metadata. */
  readonly metadata: Readonly<Record<string, string>>;
  /** RFC 3339, by the server's clock. */
  readonly timeCreated: string;
  readonly updated: string;
  /** The server's clock when it answered, ms since the epoch (HTTP `Date`): ages never use local clocks. */
  readonly serverTimeMs: number;
}

export interface ObjectId {
  readonly bucket: string;
  readonly name: string;
}

interface CreateOptions {
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ListOptions {
  readonly prefix?: string;
  /** Names lexicographically at or after this one. */
  readonly startOffset?: string;
  readonly pageSize?: number;
}

/**
 * Everything this system asks of Cloud Storage. There is no overwrite and no delete: objects are created
 * once, and mutable state lives in custom metadata changed by compare-and-swap.
 *
 * Every method throws `EditError` `STORAGE_UNAVAILABLE` (passing) or `STORAGE_PERMISSION` (setup).
 */
export interface ObjectStore {
  /** `undefined` when there is no such object (or no such generation of it). */
  stat(
    id: ObjectId & { readonly generation?: string },
    signal?: AbortSignal,
  ): Promise<ObjectInfo | undefined>;
  /**
   * The bytes of exactly this generation, checksum verified; `undefined` when it is gone.
   * @throws {EditError} `IMAGE_TOO_LARGE` when the object is larger than `maxBytes`.
   */
  read(
    id: ObjectId & { readonly generation: string },
    options: { readonly maxBytes: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array | undefined>;
  /**
   * Creates the object unless one exists. `created: false` means an object of that name was there
   * already, perhaps by an earlier try of this very call whose answer was lost.
   */
  create(
    id: ObjectId,
    bytes: Uint8Array,
    options: CreateOptions & { readonly signal?: AbortSignal },
  ): Promise<{ readonly created: boolean; readonly info: ObjectInfo }>;
  /**
   * Sets these keys of the custom metadata and keeps the others. `undefined` when the metageneration has
   * changed.
   */
  swapMetadata(
    id: ObjectId & { readonly generation: string; readonly metageneration: string },
    metadata: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ObjectInfo | undefined>;
  /** Objects in name order. */
  list(bucket: string, options?: ListOptions, signal?: AbortSignal): AsyncIterable<ObjectInfo>;
}

/** All objects whose name begins with `prefix`, in name order. */
export async function listAll(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const info of store.list(bucket, { prefix }, signal)) infos.push(info);
  return infos;
}

/**
 * Milliseconds from the object's last write to the answer that described it, by the server's clock. At least
 * 0: HTTP `Date` has whole seconds, so an answer may seem older than a write of the same second.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats
 */
export const sinceUpdateMs = ({
  serverTimeMs,
  updated,
}: Pick<ObjectInfo, 'serverTimeMs' | 'updated'>): number => Math.max(0, serverTimeMs - Date.parse(updated));
