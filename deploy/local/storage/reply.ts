import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { errorBody, invalid, ServiceError } from './service-error.ts';

/** An answer whose effect has happened, not yet sent. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly json?: unknown;
  readonly body?: Uint8Array | string;
  /** Bytes `start` to `end`, both included, of an open file. */
  readonly file?: { readonly handle: number; readonly start: number; readonly end: number };
}

export function errorReply(error: unknown): Reply {
  if (!(error instanceof ServiceError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return errorReply(new ServiceError(500, 'backendError', message));
  }
  if (error.status === 304) return { status: 304 };
  return { status: error.status, headers: error.headers, json: errorBody(error) };
}

export async function sendReply(
  reply: Reply,
  response: ServerResponse,
  method: string | undefined,
): Promise<void> {
  const { status, json, file } = reply;
  const body = json === undefined ? (reply.body ?? '') : JSON.stringify(json);
  const type = json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' };
  const length = file === undefined ? Buffer.byteLength(body) : file.end - file.start + 1;
  response.writeHead(status, {
    ...type,
    ...(status === 304 ? {} : { 'content-length': length }),
    ...reply.headers,
  });
  if (file === undefined) {
    response.end(method === 'HEAD' ? '' : body);
    return;
  }
  const { handle: fd, start, end } = file;
  await pipeline(createReadStream('', { fd, start, end }), response);
}

/** The body of a request. The connection stays open for the answer when reading stops half-way. */
export const bodyOf = (message: IncomingMessage): AsyncIterable<Buffer> =>
  message.iterator({ destroyOnReturn: false });

/** Metadata is small; anything longer is a mistake. */
const MAX_JSON_BYTES = 1024 * 1024;

export async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of bodyOf(message)) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_JSON_BYTES)
      throw invalid(`Request body too large: expected at most ${MAX_JSON_BYTES} bytes`);
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks).toString('utf8'));
}

/** JSON as sent; an empty body is an empty object. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('Parse Error');
  }
}
