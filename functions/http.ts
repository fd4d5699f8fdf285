import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import { asEditError, EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

interface HttpOptions {
  readonly name: string;
  readonly methods: readonly string[];
  readonly deadlineMs: number;
  readonly log: Log;
}

/** Answers the request; what it returns are facts for the one log line of the request. */
type Handler = (request: Request, response: Response, signal: AbortSignal) => Promise<object | undefined>;

/**
 * What every HTTP function shares: allowed methods, a deadline of its own, cancellation when the caller goes
 * away, and errors as JSON `{ error: { code, message, remedy } }` with the status of the error table.
 */
export function httpFunction({ name, methods, deadlineMs, log }: HttpOptions, handle: Handler): HttpFunction {
  return async (request, response) => {
    const started = performance.now();
    try {
      assertMethod(request, response, methods);
      const facts = await handle(request, response, requestSignal(response, deadlineMs));
      log.info(`${name} answered`, { status: response.statusCode, ms: since(started), ...facts });
    } catch (thrown) {
      const error = asEditError(thrown);
      answerError(response, error);
      const fields = { code: error.code, status: error.status, ms: since(started), ...error.details };
      if (error.kind === 'bug')
        log.error(`${name} failed: ${error.message}`, { ...fields, stack: causeStack(error) });
      else log.warn(`${name} refused: ${error.message}`, fields);
    }
  };
}

function assertMethod(request: Request, response: Response, methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  response.set('Allow', methods.join(', '));
  throw new EditError('METHOD_NOT_ALLOWED', `Expected ${methods.join(' or ')}, got ${request.method}`);
}

/**
 * Aborts at the deadline, or when the caller hangs up. The framework's own `req.abortController` is of no
 * use: it fires as soon as a request body has been read.
 */
function requestSignal(response: Response, deadlineMs: number): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished)
      gone.abort(new EditError('CANCELLED', 'The caller closed the connection'));
  });
  return AbortSignal.any([gone.signal, AbortSignal.timeout(deadlineMs)]);
}

function answerError(response: Response, error: EditError): void {
  if (response.headersSent || response.destroyed) return;
  // A bug's message may hold anything; the log has it.
  const message = error.kind === 'bug' ? 'The request failed through a fault of this service' : error.message;
  if (error.retryAfterMs !== undefined)
    response.set('Retry-After', String(Math.ceil(error.retryAfterMs / 1000)));
  response.status(error.status).json({ error: { code: error.code, message, remedy: error.remedy } });
}

function causeStack(error: EditError): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}

function since(started: number): number {
  return Math.round(performance.now() - started);
}
