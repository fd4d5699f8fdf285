import { z } from 'zod';
import { asEditError, EditError, type ErrorCode } from '../errors.ts';
import { jsonText } from '../requests/plain-json.ts';

/** A Google API that takes JSON, and how its failures are called. */
export interface GoogleApi {
  readonly name: string;
  readonly unavailable: ErrorCode;
  readonly permission: ErrorCode;
  /** Authorization for the API; empty for a stand-in. */
  readonly authorize: () => Promise<Readonly<Record<string, string>>>;
  readonly fetch: typeof fetch;
}

interface Post {
  readonly url: string;
  readonly body: object;
  /** What is wanted, for messages: `to take a task for Q`. */
  readonly wanted: string;
  /** Statuses that are as good as 200. */
  readonly alsoFine?: readonly number[];
}

const requestTimeoutMs = 20_000;

/** @throws {EditError} the `unavailable` or `permission` of the API, with what it said. */
export async function post(api: GoogleApi, request: Post, signal: AbortSignal): Promise<void> {
  const { url, body, wanted, alsoFine = [] } = request;
  const headers = { 'Content-Type': 'application/json', ...(await authorized(api)) };
  let response: Response;
  try {
    response = await api.fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
  } catch (error) {
    throw new EditError(api.unavailable, `Expected ${api.name} to answer, got none`, { cause: error });
  }
  const { status } = response;
  if (response.ok || alsoFine.includes(status)) return response.body?.cancel();
  const { message, errorDetails } = await readRefusal(response);
  const isSetup = status >= 400 && status < 500 && status !== 408 && status !== 429;
  throw new EditError(
    isSetup ? api.permission : api.unavailable,
    `Expected ${api.name} ${wanted}, got ${status}: ${message}`,
    { details: { httpStatus: status, errorDetails } },
  );
}

/** Missing credentials are a fault of the deployment, not of the API: waiting does not help. */
async function authorized({ authorize, permission }: GoogleApi): Promise<Readonly<Record<string, string>>> {
  try {
    return await authorize();
  } catch (error) {
    const { code, message } = asEditError(error);
    // The credentials report their absence with the code of a model.
    if (error instanceof EditError && code !== 'MODEL_PERMISSION') throw error;
    throw new EditError(permission, message);
  }
}

/** What a Google API said about a request that it refused. */
interface Refusal {
  readonly message: string;
  /** Its `error.details` as JSON, empty where there are none: which limit, which right, which field. */
  readonly errorDetails: string;
}

const bodySchema = jsonText.pipe(
  z.object({
    error: z.object({ message: z.string().catch(''), details: z.array(z.unknown()).catch([]) }),
  }),
);

/** Beyond these lengths nobody reads. */
const maxMessageChars = 300;
const maxDetailsChars = 1000;
/** As long as a token may be; names are shorter. */
const tokenLike = /[A-Za-z0-9+/=_-]{60,}/g;

/**
 * Reads the answer to a refused request, as far as it may stand in a log.
 *
 * @see https://google.aip.dev/193
 */
async function readRefusal(response: Response): Promise<Refusal> {
  const text = await response.text().catch(() => '');
  const { message = '', details = [] } = bodySchema.safeParse(text).data?.error ?? {};
  const safe = (part: string, maxChars: number) =>
    part.replace(tokenLike, '...').slice(0, maxChars).toWellFormed();
  return {
    message: safe(message.replace(/\s+/g, ' '), maxMessageChars) || 'no message',
    errorDetails: details.length === 0 ? '' : safe(JSON.stringify(details), maxDetailsChars),
  };
}
