import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import { deadline } from '../lib/abort.ts';
import { asEditError, EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { meant } from '../lib/requests/nearest.ts';
import { maxNamed, shortList, shortName } from '../lib/requests/schema.ts';
import { type Tracing, traceContextOf, traceHeaders } from '../lib/trace.ts';
import { isAllowedOrigin } from './cors.ts';
import { answerHeaders, sendProblem } from './problem.ts';

/** What every HTTP function is given. */
export interface HttpSettings {
  readonly deadlineMs: number;
  readonly log: Log;
  readonly tracing: Tracing;
  /** The largest answer that the platform passes on; `undefined`: no limit. */
  readonly maxAnswerBytes?: number | undefined;
  /** Where docs/errors.md can be read, for problems. */
  readonly errorsUrl?: string | undefined;
  /** Origins of pages that may call; none when left out. */
  readonly origins?: readonly string[];
}

/** An answer that is ready to be sent. */
export interface Answer {
  readonly send: () => void;
  /** Fields for the log line of the request. */
  readonly facts?: object;
}

/** The query parameters that a request may have. */
type QueryNames = (request: Request) => readonly string[] | Promise<readonly string[]>;

type Handler = (request: Request, response: Response, signal: AbortSignal) => Promise<Answer>;

/**
 * What every HTTP function shares: no query that is not known, a deadline, cancellation when the caller
 * disconnects, errors as problems with the status of the error table, one log line, one trace.
 */
export function httpFunction(
  options: HttpSettings & { readonly name: string; readonly queryNames?: QueryNames },
  handle: Handler,
): HttpFunction {
  const { name, deadlineMs, log, tracing, queryNames = () => [], origins = [], errorsUrl } = options;
  return (request, response) =>
    tracing.serve(name, traceContextOf(request.headers), async (end) => {
      const started = performance.now();
      const facts = () => requestFacts(request, response, performance.now() - started);
      try {
        response.set({ ...answerHeaders, ...traceHeaders(tracing.current()) });
        assertSameSite(request, origins);
        assertQuery(request.originalUrl, await queryNames(request));
        const answer = await handle(request, response, requestSignal(response, deadlineMs));
        await end({ 'http.response.status_code': response.statusCode });
        answer.send();
        log.info(`${name} answered`, { status: response.statusCode, ...answer.facts, ...facts() });
      } catch (thrown) {
        const error = asEditError(thrown);
        await end({ 'http.response.status_code': error.status, 'error.type': error.code });
        sendProblem(response, error, { trace: tracing.current()?.traceId, errorsUrl });
        const fields = { code: error.code, status: error.status, ...error.details, ...facts() };
        if (error.kind === 'bug') log.error(`${name} failed: ${error.message}`, { ...fields, error });
        else log.warn(`${name} refused: ${error.message}`, fields);
      }
    });
}

/** A request as Cloud Logging shows it in its list. Without the URL: the query may hold private data. */
function requestFacts(request: Request, response: Response, ms: number): object {
  const httpRequest = {
    requestMethod: request.method,
    status: response.statusCode,
    requestSize: request.get('content-length'),
    latency: `${(ms / 1000).toFixed(3)}s`,
  };
  return { ms: Math.round(ms), httpRequest };
}

/** A parameter that was ignored would be a run, and billed, where none was meant. */
function assertQuery(url: string, known: readonly string[]): void {
  const [, query = ''] = url.split(/\?(.*)/s);
  const given = [...new URLSearchParams(query).keys()];
  const twice = given.filter((name, at) => given.indexOf(name) !== at);
  const unknown = given.filter((name) => !known.includes(name));
  const names = [...new Set([...unknown, ...twice])];
  if (names.length === 0) return;
  const detailOf = (name: string) =>
    known.includes(name)
      ? 'expected one parameter of this name'
      : `expected no query parameter of this name${meant(name, known)}`;
  const errors = names
    .slice(0, maxNamed)
    .map((name) => ({ pointer: `?${shortName(name)}`, detail: detailOf(name) }));
  const expected = known.length === 0 ? 'fields in the body' : `query parameters of ${shortList(known)}`;
  throw new EditError(
    'REQUEST_INVALID',
    `Expected ${expected}, got the query parameters ${shortList(names.map(shortName))}`,
    { errors },
  );
}

/**
 * Refuses what the page of another site has a browser send with the rights of its user. Programs send no such
 * header.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
function assertSameSite(request: Request, origins: readonly string[]): void {
  const site = request.get('sec-fetch-site') ?? 'none';
  if (request.method === 'GET' || site === 'none' || site === 'same-origin') return;
  if (isAllowedOrigin(request.get('origin'), origins)) return;
  throw new EditError('CROSS_SITE', `Expected a request of this origin, got one of ${shortName(site)}`);
}

/**
 * Aborts at the deadline, or when the caller disconnects, with an error that can be answered as it is. The
 * framework's own `req.abortController` does not serve: it fires as soon as a request body has been read.
 */
function requestSignal(response: Response, deadlineMs: number): AbortSignal {
  const disconnected = new AbortController();
  const late = () =>
    new EditError('DEADLINE_EXCEEDED', `Expected an answer within ${deadlineMs} ms, got none`);
  const time = deadline(deadlineMs, late, disconnected.signal);
  response.on('close', () => {
    time[Symbol.dispose]();
    if (response.writableFinished) return;
    disconnected.abort(new EditError('CANCELLED', 'The caller closed the connection'));
  });
  return time.signal;
}

/** @throws {EditError} `ANSWER_TOO_LARGE`. */
export function assertAnswerFits(sizeBytes: number, maxAnswerBytes = Number.POSITIVE_INFINITY): void {
  if (sizeBytes <= maxAnswerBytes) return;
  throw new EditError(
    'ANSWER_TOO_LARGE',
    `Expected an answer of at most ${maxAnswerBytes} bytes, got one of ${sizeBytes}`,
  );
}

/**
 * Serializes an answer and returns how to send it. An answer that is too large is refused here, while the
 * caller can still be told.
 *
 * @throws {EditError} `ANSWER_TOO_LARGE`.
 */
export function jsonSender(response: Response, value: unknown, maxAnswerBytes?: number): () => void {
  const bytes = Buffer.from(JSON.stringify(value));
  assertAnswerFits(bytes.length, maxAnswerBytes);
  return () => response.type('json').send(bytes);
}
