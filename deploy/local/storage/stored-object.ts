/** How a file looked when it was last known to hold an object's bytes. */
export interface Fingerprint {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** The fixed-key metadata a client may set. */
export const SETTINGS = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'customTime',
] as const;
export type Settings = Readonly<Partial<Record<(typeof SETTINGS)[number], string>>>;

export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: number;
  readonly sizeBytes: number;
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly settings: Settings;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where its bytes are, relative to the bucket's folder. */
  readonly path: string;
  readonly fingerprint: Fingerprint;
  /** The finalized event has not been acknowledged. */
  readonly pending: boolean;
}

const iso = (ms: number): string => new Date(ms).toISOString();

export const etag = (object: StoredObject): string =>
  Buffer.from(`${object.generation}/${object.metageneration}`).toString('base64');

/**
 * The object as the JSON API and the event payload show it (64-bit numbers as strings).
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects#resource
 */
export function objectResource(object: StoredObject, baseUrl: string): Record<string, unknown> {
  const { bucket, name, generation } = object;
  const path = `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  const timeCreated = iso(object.createdMs);
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: baseUrl + path,
    mediaLink: `${baseUrl}/download${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: String(object.metageneration),
    ...object.settings,
    storageClass: 'STANDARD',
    size: String(object.sizeBytes),
    md5Hash: object.md5Hash,
    crc32c: object.crc32c,
    etag: etag(object),
    timeCreated,
    updated: iso(object.updatedMs),
    timeStorageClassUpdated: timeCreated,
    timeFinalized: timeCreated,
    ...(Object.keys(object.metadata).length > 0 ? { metadata: object.metadata } : {}),
  };
}
