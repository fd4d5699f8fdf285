import { pause, retryAfterMs } from '../../lib/abort.ts';
import { asEditError, EditError, isCode } from '../../lib/errors.ts';

/** Sends requests to a server, again where that may help. @throws {EditError} what the server says. */
export type Send = (path: string, init: RequestInit, signal: AbortSignal) => Promise<Response>;

/** Pauses before the second try and the ones after it, where the server names none, ms. */
const defaultPausesMs: readonly number[] = [1000, 4000, 10_000];
const longestPauseMs = 30_000;

/** @param token of the caller; `undefined`: an ID token is asked for where the server is one of https. */
export function httpClient(server: string, token: string | undefined, pausesMs = defaultPausesMs): Send {
  let identity: Promise<Record<string, string>> | undefined;
  const base = server.replace(/\/+$/, '');
  const asked = async (url: string, init: RequestInit) => {
    const isFresh = identity === undefined || token !== undefined;
    const withIdentity = async () => {
      identity ??= authorization(base, token);
      return once(url, { ...init, headers: { ...(init.headers as object), ...(await identity) } });
    };
    try {
      return await withIdentity();
    } catch (error) {
      // An identity lasts for an hour, and a folder may take longer.
      if (isFresh || asEditError(error).details?.['httpStatus'] !== 401) throw error;
      identity = undefined;
      return withIdentity();
    }
  };
  return async (path, init, signal) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await asked(`${base}${path}`, { ...init, signal });
      } catch (thrown) {
        const error = asEditError(thrown);
        const pauseMs = pausesMs[attempt];
        if (error.kind !== 'passing' || pauseMs === undefined || signal.aborted) throw error;
        await pause(Math.min(longestPauseMs, error.retryAfterMs ?? pauseMs), signal);
      }
    }
  };
}

async function once(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((cause: unknown) => {
    if (init.signal?.aborted === true) throw new EditError('CANCELLED', 'The command was interrupted');
    const { host } = new URL(url);
    throw new EditError('SERVER_UNAVAILABLE', `Expected an answer of ${host}, got none`, { cause });
  });
  const isDone = response.ok || response.status === 304 || response.status === 308;
  if (isDone) return response;
  throw errorOf(response.status, await response.text(), response.headers.get('retry-after'));
}

function errorOf(status: number, text: string, retryAfter: string | null): EditError {
  const problem = parsed(text);
  const options = { retryAfterMs: retryAfterMs(retryAfter, Date.now()), details: { httpStatus: status } };
  const { code, detail } = problem;
  if (typeof code === 'string' && isCode(code)) return new EditError(code, String(detail), options);
  if (status === 401 || status === 403) {
    const message = `Expected a server that lets us in, got ${status}: see --token`;
    return new EditError('CONFIG_INVALID', message, options);
  }
  const kind = status === 429 || status >= 500 ? 'SERVER_UNAVAILABLE' : 'CONFIG_INVALID';
  const message = `Expected an answer of gcs-inpaint, got status ${status}: see --server`;
  return new EditError(kind, message, options);
}

function parsed(text: string): { readonly code?: unknown; readonly detail?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function authorization(base: string, token: string | undefined): Promise<Record<string, string>> {
  if (token === undefined && !base.startsWith('https:')) return {};
  const { identityToken } = await import('./identity.ts');
  return { Authorization: `Bearer ${token ?? (await identityToken(base, process.env))}` };
}
