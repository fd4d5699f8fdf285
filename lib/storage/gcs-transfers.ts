import { EditError } from '../errors.ts';
import { type CloudStorageOptions, caller, generationOf } from './gcs.ts';
import { infoOf, serverTimeMs } from './gcs-answers.ts';
import type { ChunkResult, Transfers } from './transfers.ts';

/** Cloud Storage as `Transfers`. */
export function cloudTransfers(options: CloudStorageOptions): Transfers {
  const call = caller(options);
  const statOf = (id: { readonly bucket: string; readonly name: string }, signal: AbortSignal) =>
    call({ id, signal, absent: [404] }, async (bucket) => {
      const [metadata, response] = await bucket.file(id.name).getMetadata();
      return infoOf(metadata, serverTimeMs(response));
    });
  return {
    readRange: (id, { start, end }, signal) =>
      call({ id, signal, absent: [404] }, async (bucket) => {
        const file = bucket.file(id.name, generationOf(id));
        const stream = file.createReadStream({ start, end, validation: false, decompress: false });
        const chunks: Uint8Array[] = [];
        for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        if (bytes.length === end - start + 1) return bytes;
        const message = `Expected ${end - start + 1} bytes of ${id.name}, got ${bytes.length}`;
        throw new EditError('STORAGE_UNAVAILABLE', message);
      }),
    async copy(from, to, signal) {
      await call({ id: from, signal, absent: [404, 412, 403] }, async (bucket) => {
        const target = bucket.storage.bucket(to.bucket).file(to.name);
        const preconditionOpts = { ifGenerationMatch: 0 };
        const { contentType } = from;
        await bucket.file(from.name, generationOf(from)).copy(target, { contentType, preconditionOpts });
      });
      return statOf(to, signal);
    },
    async replace(from, to, metadata, signal) {
      const copied = await call({ id: to, signal, absent: [412] }, async (bucket) => {
        const preconditionOpts = { ifGenerationMatch: to.generation ?? 0 };
        const options = { contentType: from.contentType, metadata: { ...metadata }, preconditionOpts };
        const source = bucket.storage.bucket(from.bucket).file(from.name, generationOf(from));
        await source.copy(bucket.file(to.name), options);
        return true;
      });
      return copied === true;
    },
    async startUpload(id, { contentType, crc32c }, signal) {
      const address = await call({ id, signal, absent: [] }, async (bucket) => {
        const metadata = { contentType, ...(crc32c === undefined ? {} : { crc32c }) };
        const preconditionOpts = { ifGenerationMatch: 0 };
        const [uri] = await bucket.file(id.name).createResumableUpload({ metadata, preconditionOpts });
        return uri;
      });
      if (address !== undefined) return address;
      throw new EditError('STORAGE_UNAVAILABLE', 'Expected the address of an upload, got none');
    },
    sendChunk,
  };
}

const resumeIncomplete = 308;
const goneStatuses: readonly number[] = [404, 410, 499];

/**
 * Sends one part. Not tried again here: the caller asks how much has come, and goes on from there.
 *
 * @see https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload
 */
async function sendChunk(
  address: string,
  { contentRange, bytes }: Parameters<Transfers['sendChunk']>[1],
  signal: AbortSignal,
): Promise<ChunkResult> {
  const response = await fetch(address, {
    method: 'PUT',
    headers: { 'Content-Range': contentRange },
    body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as Uint8Array<ArrayBuffer>,
    redirect: 'manual',
    signal,
  }).catch((cause: unknown) => {
    throw new EditError('STORAGE_UNAVAILABLE', 'Expected an answer to a part of an upload, got none', {
      cause,
    });
  });
  await response.body?.cancel();
  const { status, headers } = response;
  if (status === resumeIncomplete) {
    const last = /^bytes=0-(\d+)$/.exec(headers.get('range') ?? '')?.[1];
    return { kind: 'incomplete', receivedBytes: last === undefined ? 0 : Number(last) + 1 };
  }
  if (response.ok) return { kind: 'complete' };
  if (goneStatuses.includes(status))
    throw new EditError('NOT_FOUND', 'Expected an upload under way, got none');
  const code = status >= 400 && status < 500 && status !== 429 ? 'REQUEST_INVALID' : 'STORAGE_UNAVAILABLE';
  throw new EditError(code, `Expected Cloud Storage to take a part of an upload, got ${status}`);
}
