import { EditError } from '../../errors.ts';
import { type CallsMade, withCallsMade } from '../calls-made.ts';
import { retryAfterMs, statusError } from './errors.ts';
import { exchange } from './exchange.ts';
import { modelHost } from './url.ts';

/** Time as this file needs it, injected so that tests never wait. */
export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** Rejects as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** A signal that aborts after `ms`. */
  deadline(ms: number): AbortSignal;
}

export interface VertexOptions {
  readonly project: string;
  readonly location: string;
  /** Replaces the Google host; plain http on loopback needs no credentials. */
  readonly baseUrl?: string | undefined;
  /** For all tries of one post together. */
  readonly deadlineMs?: number | undefined;
  /** Tries of one post, the first included. */
  readonly maxTries?: number | undefined;
  readonly maxReplyBytes?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
  /** 0 (included) to 1. */
  readonly random?: (() => number) | undefined;
  /** The headers that authenticate a request; Application Default Credentials when `undefined`. */
  readonly authorize?: ((url: string) => Promise<Headers>) | undefined;
}

export interface VertexCall {
  /** Below the location, e.g. `publishers/google/models/imagen-3.0-capability-001:predict`. */
  readonly path: string;
  readonly body: unknown;
  /** Named in errors. */
  readonly model: string;
  readonly successor: string | undefined;
  /** Prompts in the body: an error message that repeats them is withheld. */
  readonly secrets: readonly (string | undefined)[];
}

export interface VertexAnswer {
  /** The parsed JSON, not yet checked. */
  readonly value: unknown;
  /** HTTP calls made, retries included. */
  readonly calls: number;
}

/** One authenticated POST to a model, retried where that can help. */
export type VertexPost = (call: VertexCall, signal: AbortSignal) => Promise<VertexAnswer>;

/** Image models answer within a minute; the slowest (4K, 75 steps) took about two. */
const defaultDeadlineMs = 180_000;
/** Shared model capacity asks for at most two retries in process; after that the job is handed back. */
const defaultMaxTries = 3;
/** A 4096 x 4096 PNG that does not compress is 50 MB, 67 MB as base64; drafts may come along. */
const defaultMaxReplyBytes = 160 * 1024 * 1024;
/** Shared capacity asks for a first pause of at least one second. */
const firstPauseMs = 1000;
/** Longer pauses belong to the queue, which does not hold a worker while it waits. */
const longestPauseMs = 20_000;

const retriedCodes: ReadonlySet<string> = new Set(['MODEL_QUOTA', 'MODEL_UNAVAILABLE']);

const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    const { setTimeout } = await import('node:timers/promises');
    await setTimeout(ms, undefined, { signal });
  },
  deadline: (ms) => AbortSignal.timeout(ms),
};

/**
 * The one way to a model API: authentication, deadline, retry with jitter, bounded reply, and every
 * failure as a coded error that counts the calls made (`details.calls`) and tells whether one of them may
 * be billed (`details.mayBeBilled`): a connection that was never made and an answer of an error are not.
 *
 * Retried are 408, 429, 5xx and connection faults before an answer, after `2^n` seconds times 1 to 2, or
 * after `Retry-After`. An expired deadline and an answer that breaks off are not retried: the model worked.
 *
 * @throws {EditError} `CONFIG_INVALID` at once for a base URL or location that cannot be used.
 */
export function vertexPost(options: VertexOptions): VertexPost {
  const { project, location } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const maxTries = options.maxTries ?? defaultMaxTries;
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const maxReplyBytes = options.maxReplyBytes ?? defaultMaxReplyBytes;
  const { origin, needsToken } = modelHost(location, options.baseUrl);
  const authorize = needsToken ? (options.authorize ?? applicationDefaultCredentials()) : noCredentials;
  const prefix = `${origin}/v1/projects/${encodeURIComponent(project)}/locations/${location}`;

  return async (call, signal) => {
    const url = `${prefix}/${call.path}`;
    const body = JSON.stringify(call.body);
    const endMs = clock.now() + deadlineMs;
    const either = AbortSignal.any([signal, clock.deadline(deadlineMs)]);
    const facts = { ...call, location, secrets: call.secrets.filter((text) => text !== undefined) };

    let calls = 0;
    let mayBeBilled = false;
    const sendOnce = async (): Promise<unknown> => {
      const headers = await unlessAborted(authorize(url), either);
      headers.set('content-type', 'application/json; charset=utf-8');
      const request = { method: 'POST', headers, body, redirect: 'manual', signal: either } as const;
      const before = mayBeBilled;
      calls += 1;
      // Until something proves otherwise.
      mayBeBilled = true;
      const { status, retryAfter, text } = await exchange(
        options.fetch ?? fetch,
        url,
        request,
        maxReplyBytes,
      ).catch((error: unknown) => {
        if (neverConnected.has(faultCode(error) ?? '')) mayBeBilled = before;
        throw error;
      });
      if (status === 200) return parseReply(text, call.model, calls);
      mayBeBilled = before;
      throw statusError(status, text, {
        ...facts,
        calls,
        retryAfterMs: retryAfterMs(retryAfter, clock.now()),
      });
    };

    for (let tries = 1; ; tries++) {
      try {
        return { value: await sendOnce(), calls };
      } catch (error) {
        const made = { calls, mayBeBilled };
        if (either.aborted) throw abortError(signal, call.model, made, deadlineMs);
        const fault = withCallsMade(asModelError(error, call.model), made);
        const backOffMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1) * (1 + random()));
        const pauseMs = Math.max(fault.retryAfterMs ?? 0, backOffMs);
        const isWorthIt = pauseMs <= longestPauseMs && clock.now() + pauseMs < endMs;
        if (!retriedCodes.has(fault.code) || tries >= maxTries || !isWorthIt) throw fault;
        await clock.sleep(pauseMs, either).catch(() => {
          throw abortError(signal, call.model, made, deadlineMs);
        });
      }
    }
  };
}

async function noCredentials(): Promise<Headers> {
  return new Headers();
}

/** google-auth-library is loaded with the first request that needs a token: it is slow to start. */
export function applicationDefaultCredentials(): (url: string) => Promise<Headers> {
  const load = async () => {
    const { GoogleAuth } = await import('google-auth-library');
    return new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  };
  let auth: ReturnType<typeof load> | undefined;
  return async (url) => {
    try {
      auth ??= load();
      return new Headers(await (await auth).getRequestHeaders(url));
    } catch (error) {
      auth = undefined;
      // Not kept as cause: the library hangs its request, token and all, on the errors it throws.
      const said = error instanceof Error ? error.message.slice(0, 200) : 'an unknown failure';
      throw new EditError('MODEL_PERMISSION', `Expected Application Default Credentials, got: ${said}`);
    }
  };
}

function parseReply(text: string, model: string, calls: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: the parser quotes the text it stumbled over.
    throw new EditError('ENGINE_BAD_REPLY', `Expected JSON from ${model}, got something else`, {
      details: { model, calls },
    });
  }
}

/** The model API was not reached: nothing was sent. */
const neverConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function faultCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What `fetch` throws is a connection fault; only its code is passed on. */
function asModelError(error: unknown, model: string): EditError {
  if (error instanceof EditError) return error;
  const reason = faultCode(error) ?? 'a broken connection';
  return new EditError('MODEL_UNAVAILABLE', `Expected ${model} to answer, got ${reason}`, {
    details: { model, reason },
  });
}

/** Why the work stopped: the caller's own coded reason, its time limit or ours, or its wish. */
function abortError(signal: AbortSignal, model: string, made: CallsMade, deadlineMs: number): EditError {
  const details = { model, ...made };
  const reason: unknown = signal.reason;
  if (reason instanceof EditError) return reason;
  if (signal.aborted && (reason as Error | undefined)?.name !== 'TimeoutError') {
    return new EditError('CANCELLED', `Expected ${model} to answer, got cancelled`, { details });
  }
  const limit = signal.aborted ? 'the time of the request' : `${deadlineMs} ms`;
  return new EditError('DEADLINE_EXCEEDED', `Expected ${model} to answer within ${limit}`, { details });
}

/** Settles with the promise, or rejects when the signal aborts first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
