import type { Bucket, File, FileMetadata, Storage } from '@google-cloud/storage';
import { type RetryOptions, retryPassing } from '../abort.ts';
import { EditError } from '../errors.ts';
import { crc32cBase64 } from './crc32c.ts';
import { readStream } from './gcs-download.ts';
import { statusOf, storageError } from './gcs-errors.ts';
import type { ListOptions, ObjectId, ObjectInfo, ObjectStore } from './store.ts';

export interface CloudStorageOptions {
  /** Base URL of an emulator; `undefined` is the real service. */
  readonly apiEndpoint: string | undefined;
  /** `undefined`: as the credentials say. An emulator needs none. */
  readonly projectId: string | undefined;
  readonly retry?: Partial<RetryOptions>;
}

// A 100 MB picture at 2 MB/s takes 50 s; Cloud Storage asks for exponential back-off, and the job has its own deadline above this.
const defaultRetry: RetryOptions = {
  attemptTimeoutMs: 60_000,
  backoffMs: [250, 1000, 4000, 8000],
  lateCode: 'STORAGE_UNAVAILABLE',
};

/** The client library replaces this by the project's id wherever it stands in a request, also in names. */
const rewrittenToken = '{{projectId}}';

/** Fields of an object this system reads; a listing of thousands carries nothing else. */
const listFields =
  'nextPageToken,items(bucket,name,generation,metageneration,size,crc32c,contentType,metadata,timeCreated,updated)';

/**
 * Cloud Storage as an `ObjectStore`.
 *
 * Retries are ours alone (the client's own are off): only here is it known which calls may have
 * succeeded although their answer was lost, and only ours stop on an abort.
 */
export function cloudStorage(options: CloudStorageOptions): ObjectStore {
  const retry = { ...defaultRetry, ...options.retry };
  let client: Promise<Storage> | undefined;

  async function bucketOf(id: ObjectId): Promise<Bucket> {
    if (id.name.includes(rewrittenToken)) {
      throw new EditError('REQUEST_INVALID', `Expected an object name without ${rewrittenToken}`);
    }
    client ??= connect(options, retry);
    return (await client).bucket(id.bucket);
  }

  /** Runs one call with retries; `undefined` when the answer is one of these statuses. */
  async function call<T>(
    { id, signal, absent }: { id: ObjectId; signal: AbortSignal | undefined; absent: readonly number[] },
    work: (bucket: Bucket, signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const bucket = await bucketOf(id);
    return retryPassing(
      async (attemptSignal) => {
        try {
          return await work(bucket, attemptSignal);
        } catch (error) {
          const status = statusOf(error);
          if (status !== undefined && absent.includes(status)) return undefined;
          throw storageError(error, id);
        }
      },
      retry,
      signal,
    );
  }

  const store: ObjectStore = {
    stat: (id, signal) =>
      call({ id, signal, absent: [404] }, async (bucket) => {
        const [metadata, response] = await bucket.file(id.name, generationOf(id)).getMetadata();
        return infoOf(metadata, serverTimeMs(response));
      }),

    read: (id, { maxBytes, signal }) =>
      call({ id, signal, absent: [404] }, (bucket, attemptSignal) => {
        const file = bucket.file(id.name, generationOf(id));
        return readStream(file, { maxBytes, signal: attemptSignal });
      }),

    async create(id, bytes, { contentType, metadata, signal }) {
      const wanted = {
        contentType,
        crc32c: crc32cBase64(bytes),
        ...(metadata === undefined ? {} : { metadata }),
      };
      // 403: without the right to delete, Cloud Storage may answer so for a name that is taken.
      const info = await call({ id, signal, absent: [412, 403] }, async (bucket) => {
        const file = bucket.file(id.name);
        await upload(file, bytes, wanted);
        return writtenInfo(file.metadata);
      });
      if (info !== undefined) return { created: true, info };
      const existing = await store.stat(id, signal);
      if (existing !== undefined) return { created: false, info: existing };
      throw new EditError(
        'STORAGE_PERMISSION',
        `Expected to create gs://${id.bucket}/${id.name}, was refused`,
      );
    },

    swapMetadata: (id, metadata, signal) =>
      call({ id, signal, absent: [412, 404] }, async (bucket) => {
        const file = bucket.file(id.name, { generation: id.generation });
        const [answer] = await file.setMetadata(
          { metadata: { ...metadata } },
          { ifMetagenerationMatch: id.metageneration },
        );
        return writtenInfo(answer);
      }),

    async *list(bucketName, listOptions = {}, signal) {
      let pageToken: string | undefined;
      do {
        const id = { bucket: bucketName, name: listOptions.prefix ?? '' };
        const page = await call({ id, signal, absent: [] }, (bucket) =>
          listPage(bucket, listOptions, pageToken),
        );
        yield* page?.items ?? [];
        pageToken = page?.nextPageToken;
      } while (pageToken !== undefined);
    },
  };
  return store;
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

const generationOf = ({ generation }: { readonly generation?: string }) =>
  generation === undefined ? {} : { generation };

async function upload(file: File, bytes: Uint8Array, metadata: FileMetadata): Promise<void> {
  // The server verifies the checksum; the client's own validation would delete the object on a mismatch.
  await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    resumable: false,
    validation: false,
    preconditionOpts: { ifGenerationMatch: 0 },
    metadata,
  });
}

interface ListPage {
  readonly items: readonly ObjectInfo[];
  readonly nextPageToken: string | undefined;
}

async function listPage(
  bucket: Bucket,
  options: ListOptions,
  pageToken: string | undefined,
): Promise<ListPage> {
  // Not `getFiles`: it keeps the response, and with it the server's clock, to itself.
  const [body, response] = await bucket.request({
    uri: '/o',
    qs: {
      fields: listFields,
      ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
      ...(options.startOffset === undefined ? {} : { startOffset: options.startOffset }),
      ...(options.pageSize === undefined ? {} : { maxResults: options.pageSize }),
      ...(pageToken === undefined ? {} : { pageToken }),
    },
  });
  const { items = [], nextPageToken } = body as { items?: FileMetadata[]; nextPageToken?: string };
  const timeMs = serverTimeMs(response);
  return { items: items.map((item) => infoOf(item, timeMs)), nextPageToken };
}

interface HttpResponse {
  readonly headers: Readonly<Record<string, unknown>>;
}

function serverTimeMs(response: unknown): number {
  const date = Date.parse(String((response as HttpResponse).headers['date']));
  if (Number.isNaN(date)) {
    throw new EditError('STORAGE_UNAVAILABLE', 'Expected a Date header from Cloud Storage, got none');
  }
  return date;
}

/** A write was just made: its time is the server's clock. */
const writtenInfo = (metadata: FileMetadata) => infoOf(metadata, Date.parse(String(metadata.updated)));

function infoOf(metadata: FileMetadata, timeMs: number): ObjectInfo {
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
    serverTimeMs: timeMs,
  };
}
