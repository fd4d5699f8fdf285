import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { hostOf, isLoopback } from '../loopback.ts';
import { ApiError, errorBody } from './api-error.ts';
import type { Batches } from './batch.ts';
import { addDrift } from './drift.ts';
import { endpointWork } from './endpoint.ts';
import { geminiWork } from './gemini.ts';
import { findModel, type Model, type ModelTarget, type Target, targetOf } from './models.ts';
import { predictWork } from './predict.ts';
import { removerWork } from './remover.ts';
import type { Tools, Work } from './tools.ts';

/** What is sent back. */
interface Answer {
  readonly status: number;
  readonly json?: unknown;
  /** Sent instead of JSON. */
  readonly text?: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** One call of a model API. */
export interface ModelCall {
  readonly path: string;
  readonly target: Target;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
  /** Breaks the connection. */
  readonly breakOff: () => void;
}

/**
 * Answers a call; `undefined` sends nothing. `judge` reads the request, and throws for what the service would
 * refuse. Tests hand in one that misbehaves.
 */
export type AnswerCall = (call: ModelCall, judge: () => Promise<Work>) => Promise<Answer | undefined>;

export const answerWell: AnswerCall = async ({ gone }, judge) => {
  const work = await judge();
  return { status: 200, json: await work.run({ gone, drift: addDrift }) };
};

interface ServerParts {
  readonly tools: Tools;
  readonly batches: Batches;
  readonly answerCall: AnswerCall;
  readonly log: (line: string) => void;
}

/** Serves the model APIs over HTTP. */
export function serve(server: Server, parts: ServerParts): void {
  server.on('request', (message, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    answer(parts, message, response, gone.signal)
      .then((reply) => reply && send(reply, response))
      .catch((error: unknown) => {
        // The client went away, or was sent away: nobody is left to be answered.
        if (!gone.signal.aborted) parts.log(`model: ${message.method} ${message.url}: ${String(error)}`);
        response.destroy();
      });
  });
}

async function answer(
  { tools, batches, answerCall, log }: ServerParts,
  message: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<Answer | undefined> {
  try {
    if (!isLoopback(hostOf(message))) throw new ApiError(403, 'Expected a loopback host');
    const path = (message.url ?? '/').replace(/\?.*$/s, '');
    const sent = await text(message);
    const url = new URL(message.url ?? '/', 'http://localhost');
    const batch = await batches.answer(message.method, url, sent === '' ? {} : parseJson(sent));
    if (batch !== undefined) return { status: 200, json: batch };
    const target = targetOf(message.method, path);
    const body = parseJson(sent);
    const breakOff = () => void response.destroy();
    const call = { path, target, body, headers: message.headers, gone, breakOff };
    return await answerCall(call, () => workFor(call, tools));
  } catch (error) {
    if (gone.aborted) throw error;
    return refusal(error, log);
  }
}

async function workFor({ target, body, headers }: ModelCall, tools: Tools): Promise<Work> {
  if (target.kind === 'endpoint') return endpointWork(body, tools);
  if (target.kind === 'remover') return removerWork(body, tools);
  const model = findModel(target);
  if (target.method === 'predict') return predictWork(model, body, tools);
  return geminiWork(model, body, { ...tools, trafficType: trafficTypeOf(headers, model, target) });
}

/** @throws {ApiError} 400 for a tier that the model does not have there. */
function trafficTypeOf(
  { 'x-vertex-ai-llm-shared-request-type': tier }: IncomingHttpHeaders,
  { id, tiers }: Model,
  { location }: ModelTarget,
): string {
  if (tier === undefined) return 'ON_DEMAND';
  const name = String(tier);
  if (location === 'global' && tiers.includes(name)) return `ON_DEMAND_${name.toUpperCase()}`;
  throw new ApiError(400, `The ${name} tier of pay-as-you-go is not supported for ${id} in ${location}.`);
}

function refusal(error: unknown, log: ServerParts['log']): Answer {
  if (error instanceof ApiError) {
    return { status: error.code, json: errorBody(error), retryAfterSeconds: error.retryAfterSeconds };
  }
  log(`model: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return { status: 500, json: errorBody(new ApiError(500, 'Internal error encountered.')) };
}

function parseJson(sent: string): unknown {
  try {
    return JSON.parse(sent);
  } catch {
    throw new ApiError(400, 'Invalid JSON payload received. Parse error.');
  }
}

function send({ status, json, text: body, retryAfterSeconds }: Answer, response: ServerResponse): void {
  const payload = body ?? JSON.stringify(json);
  const headers: Record<string, string | number> = {
    'content-type': body === undefined ? 'application/json; charset=UTF-8' : 'text/html',
    'content-length': Buffer.byteLength(payload),
  };
  if (retryAfterSeconds !== undefined) headers['retry-after'] = retryAfterSeconds;
  response.writeHead(status, headers);
  response.end(payload);
}
