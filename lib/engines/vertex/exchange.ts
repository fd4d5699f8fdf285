import { EditError } from '../../errors.ts';

/** An error body is a sentence; more of it is not read. */
const maxErrorBytes = 64 * 1024;

/** One HTTP answer, read whole. */
export interface Exchange {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/**
 * Sends one request and reads at most `maxReplyBytes` of its answer.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the body of a 200 is longer or breaks off; what `fetch` throws before
 *   an answer begins.
 */
export async function exchange(
  send: typeof fetch,
  url: string,
  request: RequestInit,
  maxReplyBytes: number,
): Promise<Exchange> {
  const response = await send(url, request);
  const isGood = response.status === 200;
  const limit = isGood ? maxReplyBytes : maxErrorBytes;
  const text = await readText(response, limit).catch(() => {
    // The status of an error says enough.
    if (!isGood) return '';
    // Without a cause: the model has worked, so this is not a connection fault to retry.
    throw new EditError('ENGINE_BAD_REPLY', 'Expected a whole reply, got one that breaks off');
  });
  if (text === undefined && isGood) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected a reply of at most ${limit} bytes, got more`);
  }
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: text ?? '' };
}

/** The body as text; `undefined` when it is longer than `limit` bytes. */
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

/** Codes of connections that were never made: nothing was sent. */
const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True when an error of `fetch` proves that the request did not leave this machine. */
export function isNeverSent(error: unknown): boolean {
  return neverConnected.has(faultCode(error) ?? '');
}

/** What `exchange` threw, coded. Everything `fetch` throws is a connection fault; only its code is passed on. */
export function asModelError(error: unknown, model: string): EditError {
  if (error instanceof EditError) return error;
  const reason = faultCode(error) ?? 'a broken connection';
  return new EditError('MODEL_UNAVAILABLE', `Expected ${model} to answer, got ${reason}`, {
    details: { model, reason },
  });
}

function faultCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
