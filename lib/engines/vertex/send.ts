import { unlessAborted } from '../../abort.ts';
import { type Billing, EditError } from '../../errors.ts';
import type { Authorize } from './credentials.ts';
import { retryAfterMs, statusError } from './errors.ts';

export interface VertexCall {
  /** Below the location, e.g. `publishers/google/models/imagen-3.0-capability-001:predict`. */
  readonly path: string;
  readonly body: unknown;
  /** Named in errors. */
  readonly model: string;
  /** The model to set instead when this one is retired. */
  readonly successor: string | undefined;
  /** Prompts in the body: an error message that repeats them is withheld. */
  readonly secrets: readonly (string | undefined)[];
}

/** How calls are sent, the same for all of one location. */
export interface Transport {
  /** What all URLs begin with, up to the location and its slash. */
  readonly prefix: string;
  readonly location: string;
  readonly authorize: Authorize;
  readonly fetch: typeof fetch;
  readonly maxReplyBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type MadeCalls = Required<Billing>;

/** One try: its reply or its fault, and whether it was sent and may be billed. */
export type Sent = MadeCalls &
  ({ readonly value: unknown; readonly fault?: undefined } | { readonly fault: EditError });

/** Sends a call once. Never throws. */
export async function sendOnce(
  call: VertexCall & { readonly body: string },
  { prefix, location, authorize, maxReplyBytes, now, ...transport }: Transport,
  signal: AbortSignal,
): Promise<Sent> {
  const { model, body } = call;
  const url = `${prefix}${call.path}`;
  let calls = 0;
  let mayBeBilled = false;
  try {
    const headers = await unlessAborted(() => authorize(url), signal);
    headers.set('content-type', 'application/json; charset=utf-8');
    calls = 1;
    // Until an answer, or the lack of a connection, proves otherwise.
    mayBeBilled = true;
    const request = { method: 'POST', headers, body, redirect: 'manual', signal } as const;
    const { status, retryAfter, text } = await exchange(transport.fetch, url, request, maxReplyBytes);
    if (status === 200) return { value: parseReply(text, model), calls, mayBeBilled };
    mayBeBilled = false;
    const secrets = call.secrets.filter((secret) => secret !== undefined);
    const waitMs = retryAfterMs(retryAfter, now());
    throw statusError(status, text, {
      model,
      location,
      secrets,
      successor: call.successor,
      retryAfterMs: waitMs,
    });
  } catch (error) {
    return {
      fault: asModelError(error, model),
      calls,
      mayBeBilled: mayBeBilled && !isNeverSent(error),
    };
  }
}

function parseReply(text: string, model: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without a cause: the parser quotes the text it stumbled over.
    throw new EditError('ENGINE_BAD_REPLY', `Expected JSON from ${model}, got something else`);
  }
}

/** An error body is a sentence; more of it is not read. */
const maxErrorBytes = 64 * 1024;

/** One HTTP answer, read whole. */
interface Exchange {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/**
 * Sends one request and reads at most `maxReplyBytes` of its answer.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the body of a 200 is longer or breaks off; what `fetch` throws
 *   before an answer begins.
 */
async function exchange(
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
function isNeverSent(error: unknown): boolean {
  return neverConnected.has(faultCode(error) ?? '');
}

/**
 * What `exchange` threw, coded. Everything `fetch` throws is a connection fault; only its code is passed on.
 */
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
