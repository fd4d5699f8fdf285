import { EditError } from '../errors.ts';
import type { ObjectId } from './store.ts';

/** The HTTP status of a failed call to Cloud Storage, or `undefined` when no answer came. */
export function statusOf(error: unknown): number | undefined {
  const { code, status } = (error ?? {}) as { code?: unknown; status?: unknown };
  if (typeof code === 'number') return code;
  return typeof status === 'number' ? status : undefined;
}

/** What the client library threw -> an `EditError`; those of ours pass through. */
export function storageError(error: unknown, { bucket, name }: ObjectId): EditError {
  if (error instanceof EditError) return error;
  const status = statusOf(error);
  const details = { bucket, name, status };
  const options = { cause: error, details };
  const where = `gs://${bucket}/${name}`;
  if (status === 401 || status === 403 || lacksCredentials(error)) {
    return new EditError(
      'STORAGE_PERMISSION',
      `Expected access to ${where}, got ${status ?? 'no credentials'}`,
      options,
    );
  }
  if (status === 404) {
    return new EditError('STORAGE_PERMISSION', `Expected a bucket named ${bucket}, found none`, options);
  }
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new EditError(
      'INTERNAL',
      `Expected Cloud Storage to accept a request for ${where}, got ${status}`,
      options,
    );
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new EditError('INTERNAL', error.message, options);
  }
  const got = status ?? (error as { code?: unknown } | undefined)?.code ?? 'no answer';
  return new EditError('STORAGE_UNAVAILABLE', `Expected an answer for ${where}, got ${String(got)}`, options);
}

// google-auth-library gives this failure neither a code nor a status.
function lacksCredentials(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Could not load the default credentials');
}
