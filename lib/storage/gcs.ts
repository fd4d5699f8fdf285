import { randomUUID } from 'node:crypto';
import type { Bucket, FileMetadata, Storage } from '@google-cloud/storage';
import { type RetryOptions, retryPassing } from '../abort.ts';
import { EditError } from '../errors.ts';
import { crc32cBase64 } from './crc32c.ts';
import { infoOf, serverTimeMs, statusOf, storageError, writtenInfo } from './gcs-answers.ts';
import { readStream } from './gcs-download.ts';
import type { ListOptions, ObjectId, ObjectInfo, ObjectStore } from './store.ts';

export interface CloudStorageOptions {
  /** Base URL of an emulator; `undefined` is the real service. */
  readonly apiEndpoint: string | undefined;
  /** `undefined`: as the credentials say. An emulator needs none. */
  readonly projectId: string | undefined;
  readonly retry?: Partial<RetryOptions>;
}

// A 100 MB picture at 2 MB/s takes 50 s. Cloud Storage asks for exponential backoff; the deadline of the job
// lies above all tries.
const defaultRetry: RetryOptions = {
  attemptTimeoutMs: 60_000,
  backoffMs: [250, 1000, 4000, 8000],
  lateCode: 'STORAGE_UNAVAILABLE',
};

/** The client library replaces this by the project's id wherever it stands in a request, also in names. */
const rewrittenToken = '{{projectId}}';

const maxNameBytes = 1024;

/** The fields of an object that this system reads; a listing of thousands carries nothing else. */
const objectFields =
  'bucket,name,generation,metageneration,size,crc32c,contentType,metadata,timeCreated,updated';
const listFields = `nextPageToken,items(${objectFields})`;

/** Cloud Storage as an `ObjectStore`. */
export function cloudStorage(options: CloudStorageOptions): ObjectStore {
  const call = caller(options);
  const stat: ObjectStore['stat'] = (id, signal) =>
    call({ id, signal, absent: [404] }, async (bucket) => {
      const [metadata, response] = await bucket.request({ uri: objectUri(id), qs: generationOf(id) });
      return infoOf(metadata, serverTimeMs(response));
    });
  return {
    stat,
    read: (id, { maxBytes, signal }) =>
      call({ id, signal, absent: [404] }, (bucket, attemptSignal) =>
        readStream(bucket.file(id.name, generationOf(id)), { maxBytes, signal: attemptSignal }),
      ),
    async create(id, bytes, { contentType, metadata, signal }) {
      const custom = metadata === undefined ? {} : { metadata };
      const wanted = { contentType, crc32c: crc32cBase64(bytes), ...custom };
      // 403: without the right to delete, Cloud Storage may answer so for a name that is taken.
      const options = { id, signal, absent: [412, 403] };
      const info = await call(options, (bucket) => upload(bucket, id, bytes, wanted));
      if (info !== undefined) return { created: true, info };
      const existing = await stat(id, signal);
      if (existing !== undefined) return { created: false, info: existing };
      const message = `Expected to create gs://${id.bucket}/${id.name}, was refused`;
      throw new EditError('STORAGE_PERMISSION', message);
    },
    swapMetadata: (id, metadata, signal) =>
      call({ id, signal, absent: [412, 404] }, async (bucket) => {
        const qs = { generation: id.generation, ifMetagenerationMatch: id.metageneration };
        const request = { method: 'PATCH', uri: objectUri(id), qs, json: { metadata: { ...metadata } } };
        const [answer] = await bucket.request(request);
        return writtenInfo(answer);
      }),
    async *list(bucketName, listOptions = {}, signal) {
      const id = { bucket: bucketName, name: listOptions.prefix ?? '' };
      let pageToken: string | undefined;
      do {
        const page = await call({ id, signal, absent: [] }, (bucket) =>
          listPage(bucket, listOptions, pageToken),
        );
        yield* page?.items ?? [];
        pageToken = page?.nextPageToken;
      } while (pageToken !== undefined);
    },
  };
}

interface CallOptions {
  readonly id: ObjectId;
  readonly signal: AbortSignal | undefined;
  /** Statuses that answer `undefined`. */
  readonly absent: readonly number[];
}

type Call = <T>(
  options: CallOptions,
  work: (bucket: Bucket, signal: AbortSignal) => Promise<T>,
) => Promise<T | undefined>;

/**
 * Runs calls of the client with retries. The retries of the client itself are off: only here is it known
 * which calls may have succeeded although their answer was lost, and only ours stop on an abort.
 */
export function caller(options: CloudStorageOptions): Call {
  const retry = { ...defaultRetry, ...options.retry };
  let client: Promise<Storage> | undefined;
  const buckets = new Map<string, Bucket>();
  return async ({ id, signal, absent }, work) => {
    assertName(id.name);
    client ??= connect(options, retry);
    const bucket = buckets.get(id.bucket) ?? (await client).bucket(id.bucket);
    buckets.set(id.bucket, bucket);
    const attempt = async (attemptSignal: AbortSignal) => {
      try {
        return await work(bucket, attemptSignal);
      } catch (error) {
        const status = statusOf(error);
        if (status !== undefined && absent.includes(status)) return undefined;
        throw storageError(error, id);
      }
    };
    return retryPassing(attempt, retry, signal);
  };
}

/**
 * What Cloud Storage refuses as a name is a fault of the name, not of the service.
 *
 * @see https://cloud.google.com/storage/docs/objects#naming
 */
function assertName(name: string): void {
  if (name.includes(rewrittenToken))
    throw new EditError('REQUEST_INVALID', `Expected an object name without ${rewrittenToken}`);
  if (!name.isWellFormed())
    throw new EditError('REQUEST_INVALID', 'Expected an object name in Unicode, got half a surrogate pair');
  if (/[\r\n]/.test(name))
    throw new EditError('REQUEST_INVALID', 'Expected an object name without a line feed, got one');
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes)
    throw new EditError('NAME_TOO_LONG', `Expected an object name of ${maxNameBytes} bytes, got ${bytes}`);
}

async function connect(
  { apiEndpoint, projectId }: CloudStorageOptions,
  retry: RetryOptions,
): Promise<Storage> {
  // Loading the client takes a good part of a second: a process that never touches storage does not pay it.
  const { Storage } = await import('@google-cloud/storage');
  return new Storage({
    ...(apiEndpoint === undefined ? {} : { apiEndpoint, projectId: 'local' }),
    ...(projectId === undefined ? {} : { projectId }),
    timeout: retry.attemptTimeoutMs,
    retryOptions: { autoRetry: false },
  });
}

export const generationOf = ({ generation }: { readonly generation?: string }) =>
  generation === undefined ? {} : { generation };

const objectUri = ({ name }: ObjectId) => `/o/${encodeURIComponent(name)}`;

/**
 * Not `save`, which takes the bytes through a row of streams.
 *
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/insert
 */
async function upload(
  bucket: Bucket,
  { name }: ObjectId,
  bytes: Uint8Array,
  metadata: FileMetadata,
): Promise<ObjectInfo> {
  const boundary = randomUUID();
  const head = [
    ...[`--${boundary}`, 'Content-Type: application/json', '', JSON.stringify(metadata)],
    ...[`--${boundary}`, `Content-Type: ${metadata.contentType}`, '', ''],
  ];
  const body = [Buffer.from(head.join('\r\n')), bytes, Buffer.from(`\r\n--${boundary}--`)];
  const [answer] = await bucket.request({
    method: 'POST',
    uri: `${bucket.storage.apiEndpoint}/upload/storage/v1/b/${bucket.name}/o`,
    qs: { uploadType: 'multipart', name, ifGenerationMatch: 0 },
    headers: { 'Content-Type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat(body),
  });
  return writtenInfo(answer);
}

async function listPage(
  bucket: Bucket,
  { prefix, startOffset, pageSize }: ListOptions,
  pageToken: string | undefined,
): Promise<{ readonly items: readonly ObjectInfo[]; readonly nextPageToken: string | undefined }> {
  // Not `getFiles`: it keeps the response to itself, and with it the server's clock.
  const [body, response] = await bucket.request({
    uri: '/o',
    qs: {
      fields: listFields,
      ...(prefix === undefined ? {} : { prefix }),
      ...(startOffset === undefined ? {} : { startOffset }),
      ...(pageSize === undefined ? {} : { maxResults: pageSize }),
      ...(pageToken === undefined ? {} : { pageToken }),
    },
  });
  const { items = [], nextPageToken } = body as { items?: FileMetadata[]; nextPageToken?: string };
  const timeMs = serverTimeMs(response);
  return { items: items.map((item) => infoOf(item, timeMs)), nextPageToken };
}
