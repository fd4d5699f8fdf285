import { invalid } from './service-error.ts';

/** Size and time of change of a file, as they were when its bytes were last known. */
export interface Fingerprint {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** The fixed-key metadata a client may set. */
const SETTINGS = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'customTime',
] as const;
export type Settings = Readonly<Partial<Record<(typeof SETTINGS)[number], string>>>;

/** The part of an object's metadata that its sender chooses. */
export interface ObjectDraft {
  readonly settings: Settings;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface StoredObject extends ObjectDraft {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: number;
  readonly sizeBytes: number;
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** File that holds the bytes, relative to the bucket's folder. */
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
  const path = `/storage/v1/b/${bucket}/o/${encodeURIComponent(name.toWellFormed())}`;
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

/** An object resource as a client sends it: its metadata, and the checksums it expects. */
export interface SentResource extends ObjectDraft {
  readonly name: string | undefined;
  readonly crc32c: string | undefined;
  readonly md5Hash: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid(`Invalid ${what}: expected an object`);
}

/** @throws {ServiceError} 400 for a field that is neither text nor null. */
function textOf(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`Invalid value for ${key}: expected a string`);
  return value;
}

/** Reads the resource sent with an upload. */
export function sentResource(json: unknown): SentResource {
  const fields = fieldsOf(json, 'resource');
  return {
    ...mergedDraft(fields, { settings: {}, metadata: {} }),
    name: textOf(fields, 'name'),
    crc32c: textOf(fields, 'crc32c'),
    md5Hash: textOf(fields, 'md5Hash'),
  };
}

/** Applies a JSON merge patch: null removes a key, keys that are not named stay. */
export function mergedDraft(json: unknown, current: ObjectDraft): ObjectDraft {
  const fields = fieldsOf(json, 'resource');
  const sent = fields['metadata'];
  const settings: Settings = merged(current.settings, fields, SETTINGS);
  if (sent === undefined) return { settings, metadata: current.metadata };
  if (sent === null) return { settings, metadata: {} };
  const entries = fieldsOf(sent, 'value for metadata');
  return { settings, metadata: merged(current.metadata, entries, Object.keys(entries)) };
}

function merged(
  current: Readonly<Record<string, string>>,
  fields: Fields,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  const result = { ...current };
  for (const key of keys) {
    if (!(key in fields)) continue;
    const value = textOf(fields, key);
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return result;
}
