import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { EditError } from '../errors.ts';
import { parseWith } from '../requests/schema.ts';
import type { ObjectInfo, ObjectStore } from '../storage/store.ts';
import type { ChunkResult, Transfers } from '../storage/transfers.ts';

/** Files that are too large for one request, sent in parts: `uploads/{id}` in the control bucket. */
export interface Uploads {
  readonly start: (wanted: unknown, signal: AbortSignal) => Promise<StartedUpload>;
  readonly send: (part: UploadPart, signal: AbortSignal) => Promise<ChunkResult>;
  /** A finished upload. @throws {EditError} `NOT_FOUND`. */
  readonly find: (id: string, signal: AbortSignal) => Promise<FinishedUpload>;
}

interface StartedUpload {
  readonly id: string;
  /** All parts but the last one have a multiple of 256 KiB; this size is best. */
  readonly chunkBytes: number;
}

interface UploadPart {
  readonly id: string;
  readonly contentRange: string;
  readonly bytes: Uint8Array;
}

interface FinishedUpload {
  readonly object: ObjectInfo;
  readonly fileName: string;
}

interface UploadsOptions {
  readonly store: ObjectStore;
  readonly transfers: Transfers;
  readonly controlBucket: string;
  readonly maxImageBytes: number;
}

const chunkBytes = 8 * 1024 * 1024;
/** Cloud Storage takes whole units of this, the end aside. */
const unitBytes = 256 * 1024;

export const uploadRequestSchema = z.strictObject({
  name: z.string().min(1).max(500).describe('Name of the file.'),
  sizeBytes: z.int().min(1).describe('Size of the whole file.'),
  contentType: z
    .string()
    .regex(/^image\/[\w.+-]{1,60}$/, 'expected the media type of a picture')
    .describe('Its media type, e.g. image/tiff.'),
  crc32c: z
    .string()
    .regex(/^[A-Za-z0-9+/]{6}==$/, 'expected base64 of 4 bytes')
    .optional()
    .describe('CRC32C of the whole file in base64; the end of the upload is refused when it differs.'),
});

const idPattern = /^[0-9a-f-]{36}$/;
const none = () => new EditError('NOT_FOUND', 'Expected the id of an upload, got another');

export function uploadsOf({ store, transfers, controlBucket, maxImageBytes }: UploadsOptions): Uploads {
  const idOf = (id: string, suffix = '') => {
    if (!idPattern.test(id)) throw none();
    return { bucket: controlBucket, name: `uploads/${id}${suffix}` };
  };
  return {
    async start(wanted, signal) {
      const { name, sizeBytes, contentType, crc32c } = parseWith(uploadRequestSchema, wanted);
      if (sizeBytes > maxImageBytes) {
        const message = `Expected at most ${maxImageBytes} bytes, got ${sizeBytes}`;
        throw new EditError('IMAGE_TOO_LARGE', message);
      }
      const id = randomUUID();
      const session = await transfers.startUpload(idOf(id), { contentType, crc32c }, signal);
      const metadata = { session, name, sizeBytes: String(sizeBytes) };
      const octets = 'application/octet-stream';
      const record = { contentType: octets, metadata, signal };
      await store.create(idOf(id, '.session'), new Uint8Array(), record);
      return { id, chunkBytes };
    },
    async send({ id, contentRange, bytes }, signal) {
      const record = await store.stat(idOf(id, '.session'), signal);
      const { session, sizeBytes } = record?.metadata ?? {};
      if (session === undefined) throw none();
      assertRange(contentRange, bytes.length, Number(sizeBytes));
      return transfers.sendChunk(session, { contentRange, bytes }, signal);
    },
    async find(id, signal) {
      const [object, record] = await Promise.all([
        store.stat(idOf(id), signal),
        store.stat(idOf(id, '.session'), signal),
      ]);
      if (object === undefined) throw none();
      return { object, fileName: record?.metadata['name'] ?? '' };
    },
  };
}

/** @throws {EditError} `REQUEST_INVALID` for a part that Cloud Storage would refuse, in words. */
function assertRange(contentRange: string, gotBytes: number, sizeBytes: number): void {
  const [, first, last, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(contentRange) ?? [];
  const refuse = (message: string): never => {
    throw new EditError('REQUEST_INVALID', message);
  };
  if (Number(total) !== sizeBytes)
    refuse(`Expected Content-Range: bytes FIRST-LAST/${sizeBytes}, or bytes */${sizeBytes}, got another`);
  const length = first === undefined ? 0 : Number(last) - Number(first) + 1;
  if (length !== gotBytes)
    refuse(`Expected a body of ${length} bytes, as Content-Range says, got ${gotBytes}`);
  if (Number(last ?? 0) >= sizeBytes)
    refuse(`Expected a part that ends before byte ${sizeBytes}, got one that ends with byte ${last}`);
  const isEnd = Number(last) + 1 === sizeBytes;
  if (first !== undefined && !isEnd && length % unitBytes !== 0)
    refuse(`Expected a part of a multiple of ${unitBytes} bytes, got ${length}`);
}
