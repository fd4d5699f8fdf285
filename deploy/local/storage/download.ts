import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Bucket } from './bucket.ts';
import { etag, type StoredObject } from './object.ts';
import type { Reply } from './reply.ts';
import { notFound, ServiceError } from './service-error.ts';

/** Below this an object is read at once; above, streamed. */
const MAX_BUFFERED_BYTES = 256 * 1024;

interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes of an object, or the part a `Range` header asks for. */
export function downloadReply(bucket: Bucket, object: StoredObject, rangeHeader: string | undefined): Reply {
  const { sizeBytes } = object;
  const range = byteRangeOf(rangeHeader, sizeBytes);
  const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
  const headers = {
    ...objectHeaders(object),
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
  };
  const status = range === undefined ? 200 : 206;
  const handle = openUnchanged(bucket, object);
  if (end - start + 1 > MAX_BUFFERED_BYTES) return { status, headers, file: { handle, start, end } };
  try {
    const body = Buffer.alloc(end - start + 1);
    readSync(handle, body, 0, body.length, start);
    return { status, headers, body };
  } finally {
    closeSync(handle);
  }
}

/** Opens the object's file if it still holds this generation: a hand may have changed it a moment ago. */
function openUnchanged(bucket: Bucket, object: StoredObject): number {
  const gone = () => notFound(`No such object: ${bucket.name}/${object.name}`);
  let handle: number;
  try {
    handle = openSync(join(bucket.folder, object.path), 'r');
  } catch {
    throw gone();
  }
  const { size, mtimeMs } = fstatSync(handle);
  if (size === object.fingerprint.sizeBytes && mtimeMs === object.fingerprint.mtimeMs) return handle;
  closeSync(handle);
  throw gone();
}

/** One range of bytes; several at once, or another unit, are read as none, as HTTP allows. */
function byteRangeOf(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start > end) {
    throw new ServiceError(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable', {
      'content-range': `bytes */${sizeBytes}`,
    });
  }
  return { start, end };
}

function objectHeaders(object: StoredObject): Record<string, string> {
  const { settings } = object;
  const optional = {
    'content-encoding': settings.contentEncoding,
    'content-disposition': settings.contentDisposition,
    'content-language': settings.contentLanguage,
    'cache-control': settings.cacheControl,
  };
  return {
    'content-type': settings.contentType ?? 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: etag(object),
    'last-modified': new Date(object.updatedMs).toUTCString(),
    'x-goog-generation': object.generation,
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    'x-goog-stored-content-length': String(object.sizeBytes),
    'x-goog-stored-content-encoding': settings.contentEncoding ?? 'identity',
    'x-goog-storage-class': 'STANDARD',
    ...Object.fromEntries(Object.entries(optional).filter((entry) => entry[1] !== undefined)),
  };
}
