import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import { deadline } from '../lib/abort.ts';
import { asEditError, EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { traceContextOf } from '../lib/trace/context.ts';
import type { Tracing } from '../lib/trace.ts';

export interface HttpOptions {
  readonly name: string;
  readonly methods: readonly string[];
  readonly deadlineMs: number;
  readonly log: Log;
  readonly tracing: Tracing;
  /** What the platform hands on of an answer; `undefined`: all of it. */
  readonly maxAnswerBytes?: number | undefined;
}

/** What every HTTP function is given. */
export type Rim = Pick<HttpOptions, 'deadlineMs' | 'log' | 'tracing' | 'maxAnswerBytes'>;

/** How a request is answered, once everything else is done. */
export interface Answer {
  readonly send: () => void;
  /** For the one log line of the request. */
  readonly facts?: object;
}

type Handler = (request: Request, response: Response, signal: AbortSignal) => Promise<Answer>;

/**
 * What every HTTP function shares: allowed methods, a deadline of its own, cancellation when the caller goes
 * away, errors as JSON `{ error: { code, message, remedy, trace } }` with the status of the error table, one log line, one trace.
 */
export function httpFunction(options: HttpOptions, handle: Handler): HttpFunction {
  const { name, methods, deadlineMs, log, tracing } = options;
  return (request, response) =>
    tracing.serve(name, traceContextOf(request.headers), async (end) => {
      const started = performance.now();
      const facts = () => ({ ms: since(started), httpRequest: requestFacts(request, response, started) });
      try {
        assertMethod(request, response, methods);
        const answer = await handle(request, response, requestSignal(response, deadlineMs));
        await end({ 'http.response.status_code': response.statusCode });
        answer.send();
        log.info(`${name} answered`, { status: response.statusCode, ...answer.facts, ...facts() });
      } catch (thrown) {
        const error = asEditError(thrown);
        await end({ 'http.response.status_code': error.status, 'error.type': error.code });
        answerError(response, error, tracing.current()?.traceId);
        const fields = { code: error.code, status: error.status, ...error.details, ...facts() };
        if (error.kind === 'bug') log.error(`${name} failed: ${error.message}`, { ...fields, error });
        else log.warn(`${name} refused: ${error.message}`, fields);
      }
    });
}

/** As Cloud Logging shows a request in its list. Without the URL: its query is the caller's. */
function requestFacts(request: Request, response: Response, started: number): object {
  return {
    requestMethod: request.method,
    status: response.statusCode,
    requestSize: request.get('content-length'),
    latency: `${((performance.now() - started) / 1000).toFixed(3)}s`,
  };
}

function assertMethod(request: Request, response: Response, methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  response.set('Allow', methods.join(', '));
  throw new EditError('METHOD_NOT_ALLOWED', `Expected ${methods.join(' or ')}, got ${request.method}`);
}

/**
 * Aborts at the deadline, or when the caller hangs up, with an error that can be answered as it is. The
 * framework's own `req.abortController` is of no use: it fires as soon as a request body has been read.
 */
function requestSignal(response: Response, deadlineMs: number): AbortSignal {
  const hungUp = new AbortController();
  const late = new EditError('DEADLINE_EXCEEDED', `Expected an answer within ${deadlineMs} ms, got none`);
  const time = deadline(deadlineMs, late, hungUp.signal);
  // Sent, or broken off.
  response.on('close', () => {
    time[Symbol.dispose]();
    if (!response.writableFinished)
      hungUp.abort(new EditError('CANCELLED', 'The caller closed the connection'));
  });
  return time.signal;
}

/** @param trace where its lines are found; not every caller has one. */
function answerError(response: Response, error: EditError, trace: string | undefined): void {
  if (response.headersSent || response.destroyed) return;
  // A bug's message may hold anything; the log has it.
  const message = error.kind === 'bug' ? 'The request failed through a fault of this service' : error.message;
  if (error.retryAfterMs !== undefined)
    response.set('Retry-After', String(Math.ceil(error.retryAfterMs / 1000)));
  response.status(error.status).json({ error: { code: error.code, message, remedy: error.remedy, trace } });
}

function since(started: number): number {
  return Math.round(performance.now() - started);
}
