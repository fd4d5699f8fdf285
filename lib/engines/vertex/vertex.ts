import { retryAfterMs, unlessAborted } from '../../abort.ts';
import { type Answered, type Patience, sendInTime, systemClock } from '../calls/in-time.ts';
import { fetchPatienceMs, patientInit } from '../calls/patient-fetch.ts';
import { jsonIn, type ServiceCall, sendOnce, type Transport } from '../calls/send.ts';
import type { ModelTier } from '../usage.ts';
import { type Authorize, applicationDefaultCredentials } from './credentials.ts';
import { statusError } from './errors.ts';
import { modelHost } from './url.ts';

export interface VertexOptions extends Patience {
  readonly project: string;
  readonly location: string;
  /** Replaces the Google host; plain http on loopback needs no credentials. */
  readonly baseUrl?: string | undefined;
  readonly maxReplyBytes?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Application Default Credentials when `undefined`. */
  readonly authorize?: Authorize | undefined;
}

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
  /** Paths of fields that the call can do without, e.g. `parameters.outputOptions`. */
  readonly optionalFields?: readonly string[];
  /** Last names of fields that are sent only when a request asks for them. */
  readonly askedFields?: readonly string[];
  /** `standard` when left out. */
  readonly tier?: ModelTier;
}

/** One authenticated POST to a model, retried where that can help; its value is JSON, not yet checked. */
export type VertexPost = (call: VertexCall, signal: AbortSignal) => Promise<Answered<unknown>>;

/** A 4096 x 4096 PNG that does not compress is 50 MB, 67 MB as base64; drafts may come along. */
const defaultMaxReplyBytes = 160 * 1024 * 1024;

/** @see https://cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo */
const tierHeader = 'x-vertex-ai-llm-shared-request-type';

const noCredentials: Authorize = async () => new Headers();

/**
 * The one way to a model API: authentication, deadline, retry with jitter, bounded reply, as `sendInTime`
 * says. 408, 429, 5xx and connections that were never made are retried.
 *
 * @throws {EditError} `CONFIG_INVALID` at once for a base URL or location that cannot be used.
 */
export function vertexPost(options: VertexOptions): VertexPost {
  const connection = connectionOf(options);
  const { deadlineMs = 0 } = options;
  let patience: Promise<RequestInit> | undefined;
  return async (call, signal) => {
    const body = JSON.stringify(call.body);
    const sent = serviceCall(call, { method: 'POST', body }, connection);
    if (deadlineMs > fetchPatienceMs) patience ??= patientInit(deadlineMs);
    const init = await patience;
    const send = (time: AbortSignal) => sendOnce(sent, { ...connection, init }, time);
    return sendInTime({ model: call.model, send }, options, signal);
  };
}

/** How calls are sent, the same for all of one location. */
interface Connection extends Transport {
  /** What all URLs begin with, up to the location and its slash. */
  readonly prefix: string;
  readonly location: string;
  readonly authorize: Authorize;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function connectionOf(options: VertexOptions): Connection {
  const { project, location, maxReplyBytes = defaultMaxReplyBytes, clock = systemClock } = options;
  const { origin, needsToken } = modelHost(location, options.baseUrl);
  return {
    prefix: `${origin}/v1/projects/${encodeURIComponent(project)}/locations/${location}/`,
    location,
    authorize: needsToken ? (options.authorize ?? applicationDefaultCredentials()) : noCredentials,
    fetch: options.fetch ?? fetch,
    maxReplyBytes,
    now: clock.now,
  };
}

/** One request to a resource below the location, and how its answer is read. */
export function serviceCall(
  { path, model, successor, secrets, askedFields, tier = 'standard' }: VertexCall,
  sent: { readonly method: 'GET' | 'POST'; readonly body: string | undefined },
  { prefix, location, authorize, now }: Connection,
): ServiceCall<unknown> {
  const url = `${prefix}${path}`;
  return {
    ...{ model, url },
    request: async (signal) => {
      const headers = await unlessAborted(() => authorize(url), signal);
      headers.set('content-type', 'application/json; charset=utf-8');
      if (tier !== 'standard') headers.set(tierHeader, tier);
      return { headers, ...sent };
    },
    read: (answer) => jsonIn(answer, model),
    refusal: (answer) =>
      statusError(answer.status, answer.body.toString('utf8'), {
        ...{ model, location, successor, askedFields },
        secrets: secrets.filter((secret) => secret !== undefined),
        retryAfterMs: retryAfterMs(answer.retryAfter, now()),
      }),
  };
}
