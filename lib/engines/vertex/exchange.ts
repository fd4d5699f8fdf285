import { EditError } from '../../errors.ts';

/** Error bodies are a sentence. */
const maxErrorBytes = 64 * 1024;

/** One HTTP answer, read whole. */
export interface Exchange {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/**
 * Sends one request and reads its answer, never more of it than `maxReplyBytes`.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when a good reply is longer or breaks off; what `fetch` throws before.
 */
export async function exchange(
  send: typeof fetch,
  url: string,
  request: RequestInit,
  maxReplyBytes: number,
): Promise<Exchange> {
  const response = await send(url, request);
  const limit = response.status === 200 ? maxReplyBytes : maxErrorBytes;
  const isGood = response.status === 200;
  const text = await readText(response, limit).catch(() => {
    // Of an error the status says enough.
    if (!isGood) return '';
    // No cause: the work was done, this is no connection fault to try again.
    throw new EditError('ENGINE_BAD_REPLY', 'Expected a whole reply, it broke off');
  });
  if (text === undefined && isGood) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected a reply of at most ${limit} bytes, got more`);
  }
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: text ?? '' };
}

/** The body as text; `undefined` when it is longer than `limit` bytes, of which no more are read. */
async function readText(response: Response, limit: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the stream, and with it the download.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
