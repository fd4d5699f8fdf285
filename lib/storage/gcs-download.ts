import { gunzipSync } from 'node:zlib';
import type { File } from '@google-cloud/storage';
import { EditError } from '../errors.ts';
import { crc32cBase64 } from './crc32c.ts';

interface Limits {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * The bytes of one object generation. The checksum of the server is compared with that of the bytes: this
 * finds a stream that broke without an error.
 *
 * @throws {EditError} `IMAGE_TOO_LARGE`; `STORAGE_UNAVAILABLE` when the checksum differs.
 * @throws what the client throws.
 */
export async function readStream(file: File, { maxBytes, signal }: Limits): Promise<Uint8Array> {
  // Bytes as stored: these have the checksum. The client's own `validation` leaves out some objects, and
  // reports a mismatch without a code.
  const stream = file.createReadStream({ validation: false, decompress: false });
  let headers: Readonly<Record<string, string>> | undefined;
  // When the response comes, the client pipes it into the stream without checking whether that was destroyed:
  // the error would reach no handler and end the process. So an abort waits for the response.
  const onAbort = () => {
    if (headers !== undefined) stream.destroy(signal.reason);
  };
  stream.on('response', (response: { headers: Record<string, string> }) => {
    headers = response.headers;
    if (signal.aborted) process.nextTick(onAbort);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes)
        throw tooLarge(maxBytes, headers?.['x-goog-stored-content-length'] ?? sizeBytes);
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    verify(bytes, headers?.['x-goog-hash']);
    return headers?.['content-encoding'] === 'gzip' ? gunzip(bytes, maxBytes) : bytes;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function verify(bytes: Uint8Array, hashHeader: string | undefined): void {
  const expected = hashHeader?.match(/crc32c=([^,\s]+)/)?.[1];
  const got = crc32cBase64(bytes);
  if (expected !== got) {
    throw new EditError('STORAGE_UNAVAILABLE', `Expected bytes with crc32c ${expected}, got ${got}`);
  }
}

/** Objects uploaded with `gcloud storage cp --gzip-local` are stored compressed. */
function gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, 'more');
    throw new EditError('IMAGE_UNREADABLE', 'Expected gzip as its Content-Encoding says', { cause: error });
  }
}

function tooLarge(maxBytes: number, got: number | string): EditError {
  return new EditError('IMAGE_TOO_LARGE', `Expected at most ${maxBytes} bytes, got ${got}`);
}
