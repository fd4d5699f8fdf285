import { type Billing, EditError } from '../../errors.ts';

/** One call of a service that makes pictures, sent by `sendOnce`. */
export interface ServiceCall<T> {
  /** Named in errors. */
  readonly model: string;
  readonly url: string;
  /** Makes headers and body; when it throws, nothing was sent. */
  readonly request: (signal: AbortSignal) => Promise<{
    readonly headers: Headers;
    readonly body: string | FormData | undefined;
    /** POST when left out. */
    readonly method?: 'GET' | 'POST';
  }>;
  /** Reads the answer with status 200. @throws {EditError} for an answer that cannot be used. */
  readonly read: (answer: Exchange) => T;
  /** What another status means. */
  readonly refusal: (answer: Exchange) => EditError;
}

/** How calls are sent. */
export interface Transport {
  readonly fetch: typeof fetch;
  readonly maxReplyBytes: number;
  /** More for `fetch`. */
  readonly init?: RequestInit | undefined;
}

export type MadeCalls = Required<Billing>;

/** One try: its reply or its fault, and whether it was sent and may be billed. */
export type Sent<T> = MadeCalls &
  ({ readonly value: T; readonly fault?: undefined } | { readonly fault: EditError });

/** Sends a call once. Never throws. */
export async function sendOnce<T>(
  { model, url, ...call }: ServiceCall<T>,
  transport: Transport,
  signal: AbortSignal,
): Promise<Sent<T>> {
  let calls = 0;
  let mayBeBilled = false;
  try {
    const made = await call.request(signal);
    calls = 1;
    // Until an answer, or the lack of a connection, proves otherwise.
    mayBeBilled = true;
    const { body, ...head } = made;
    const request: RequestInit = {
      ...{ ...transport.init, method: 'POST', redirect: 'manual', signal, ...head },
      ...(body !== undefined && { body }),
    };
    const answer = await exchange(transport.fetch, url, request, transport.maxReplyBytes);
    if (answer.status === 200) return { value: call.read(answer), calls, mayBeBilled };
    mayBeBilled = false;
    throw call.refusal(answer);
  } catch (error) {
    return {
      fault: asModelError(error, model),
      calls,
      mayBeBilled: mayBeBilled && !isNeverSent(error),
    };
  }
}

/** An error body is a sentence; more of it is not read. */
const maxErrorBytes = 64 * 1024;

/** One HTTP answer, read whole. */
export interface Exchange {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Buffer;
}

/**
 * Sends one request and reads at most `maxReplyBytes` of its answer.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the body of a 200 is longer or breaks off; what `fetch` throws
 *   before an answer begins.
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
  const body = await readBody(response, limit).catch(() => {
    // The status of an error says enough.
    if (!isGood) return Buffer.alloc(0);
    // Without a cause: the model has worked, so this is not a connection fault to retry.
    throw new EditError('ENGINE_BAD_REPLY', 'Expected a whole reply, got one that breaks off');
  });
  if (body === undefined && isGood) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected a reply of at most ${limit} bytes, got more`);
  }
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: body ?? Buffer.alloc(0),
  };
}

/** `undefined` when the body is longer than `limit` bytes. */
async function readBody(response: Response, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the stream, and with it the download.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** @throws {EditError} `ENGINE_BAD_REPLY` when a body is no JSON. */
export function jsonIn({ body }: Exchange, model: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Without a cause: the parser quotes the text it stumbled over.
    throw new EditError('ENGINE_BAD_REPLY', `Expected JSON from ${model}, got something else`);
  }
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
