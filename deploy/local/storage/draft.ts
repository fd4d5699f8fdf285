import type { ObjectDraft } from './bucket.ts';
import { invalid } from './service-error.ts';
import { SETTINGS, type Settings, type StoredObject } from './stored-object.ts';

/** An object resource as clients send it: what they may set, and the checksums they claim. */
export interface SentResource extends ObjectDraft {
  readonly name?: string;
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function textOf(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`Invalid value for ${key}: expected a string`);
  return value;
}

/** Reads the resource sent with an upload. */
export function sentResource(json: unknown): SentResource {
  if (!isFields(json)) throw invalid('Invalid resource: expected an object');
  const draft = mergedDraft(json, { settings: {}, metadata: {} });
  const name = textOf(json, 'name');
  const crc32c = textOf(json, 'crc32c');
  const md5Hash = textOf(json, 'md5Hash');
  return {
    ...draft,
    ...(name === undefined ? {} : { name }),
    ...(crc32c === undefined ? {} : { crc32c }),
    ...(md5Hash === undefined ? {} : { md5Hash }),
  };
}

/** A JSON merge patch over what an object has: null takes a key away, what is not named stays. */
export function mergedDraft(json: unknown, current: ObjectDraft): ObjectDraft {
  if (!isFields(json)) throw invalid('Invalid resource: expected an object');
  const settings: Record<string, string> = { ...current.settings };
  for (const key of SETTINGS) {
    if (!(key in json)) continue;
    const value = textOf(json, key);
    if (value === undefined) delete settings[key];
    else settings[key] = value;
  }
  return { settings: settings as Settings, metadata: mergedMetadata(json['metadata'], current.metadata) };
}

function mergedMetadata(sent: unknown, current: StoredObject['metadata']): StoredObject['metadata'] {
  if (sent === undefined) return current;
  if (sent === null) return {};
  if (!isFields(sent)) throw invalid('Invalid value for metadata: expected an object of strings');
  const metadata: Record<string, string> = { ...current };
  for (const key of Object.keys(sent)) {
    const value = textOf(sent, key);
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  }
  return metadata;
}
