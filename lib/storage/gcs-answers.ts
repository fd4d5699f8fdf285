import type { FileMetadata } from '@google-cloud/storage';
import { EditError } from '../errors.ts';
import type { ObjectId, ObjectInfo } from './store.ts';

/**
 * An object resource of the JSON API -> our `ObjectInfo`.
 *
 * @param serverTimeMs the server's clock at its answer.
 */
export function infoOf(resource: unknown, serverTimeMs: number): ObjectInfo {
  const metadata = resource as FileMetadata;
  return {
    bucket: String(metadata.bucket),
    name: String(metadata.name),
    generation: String(metadata.generation),
    metageneration: String(metadata.metageneration),
    sizeBytes: Number(metadata.size),
    crc32c: String(metadata.crc32c),
    contentType: metadata.contentType ?? 'application/octet-stream',
    metadata: Object.fromEntries(
      Object.entries(metadata.metadata ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    timeCreated: String(metadata.timeCreated),
    updated: String(metadata.updated),
    serverTimeMs,
  };
}

/** The same for an object that was written just now: the time of the write is the server's clock. */
export const writtenInfo = (resource: unknown) =>
  infoOf(resource, Date.parse(String((resource as FileMetadata).updated)));

/**
 * When the server answered, ms since the epoch.
 *
 * @throws {EditError} `STORAGE_UNAVAILABLE` without a `Date` header.
 */
export function serverTimeMs(response: unknown): number {
  const { headers } = response as { readonly headers: Readonly<Record<string, unknown>> };
  const date = Date.parse(String(headers['date']));
  if (Number.isNaN(date)) {
    throw new EditError('STORAGE_UNAVAILABLE', 'Expected a Date header from Cloud Storage, got none');
  }
  return date;
}

/** The HTTP status of a failed call to Cloud Storage, or `undefined` when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  if (typeof code === 'number') return code;
  return typeof status === 'number' ? status : undefined;
}

/** What the client library threw -> an `EditError`; an `EditError` stays as it is. */
export function storageError(error: unknown, { bucket, name }: ObjectId): EditError {
  if (error instanceof EditError) return error;
  const status = statusOf(error);
  const options = { cause: error, details: { bucket, name, status } };
  const where = `gs://${bucket}/${name}`;
  if (status === 401 || status === 403 || lacksCredentials(error)) {
    const got = status ?? 'no credentials';
    return new EditError('STORAGE_PERMISSION', `Expected access to ${where}, got ${got}`, options);
  }
  if (status === 404) {
    return new EditError('STORAGE_PERMISSION', `Expected a bucket named ${bucket}, found none`, options);
  }
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    // Names are checked before: what is refused now is refused to this deployment.
    const message = `Expected Cloud Storage to accept a request for ${where}, got ${status}${reasonOf(error)}`;
    return new EditError('STORAGE_PERMISSION', message, options);
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new EditError('INTERNAL', error.message, options);
  }
  const got = status ?? (error as { code?: unknown } | undefined)?.code ?? 'no answer';
  return new EditError('STORAGE_UNAVAILABLE', `Expected an answer for ${where}, got ${String(got)}`, options);
}

const maxReasonChars = 200;

/** What Cloud Storage said, e.g. that the requester of a bucket must pay. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message.replace(/\s+/g, ' ').trim() : '';
  return text === '' ? '' : `: ${text.slice(0, maxReasonChars)}`;
}

// google-auth-library gives this failure neither a code nor a status.
function lacksCredentials(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not load the default credentials');
}
