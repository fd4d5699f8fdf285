import type { ServerResponse } from 'node:http';
import type { EditError } from '../lib/errors.ts';

/** Every answer is for this caller alone, is what its type says, and is no part of another site. */
export const answerHeaders = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

const problemType = 'application/problem+json';

interface ProblemFacts {
  /** Id of the trace that holds the log lines of the request. */
  readonly trace?: string | undefined;
  /** Where docs/errors.md can be read; `undefined`: nowhere. */
  readonly errorsUrl?: string | undefined;
}

/**
 * An error as an answer. `error` repeats it as version 0.1 answered.
 *
 * @see RFC 9457
 */
export function problemOf(error: EditError, { trace, errorsUrl }: ProblemFacts) {
  const { code, status, remedy, errors, retryAfterMs } = error;
  // The message of a bug may hold anything; the log has it.
  const detail = error.kind === 'bug' ? 'The request failed through a fault of this service' : error.message;
  return {
    // docs/errors.md has a heading for each code.
    type: errorsUrl === undefined ? `urn:gcs-inpaint:error:${code}` : `${errorsUrl}#${code.toLowerCase()}`,
    title: titleOf(code),
    ...{ status, detail, code, remedy, trace, errors, retryAfterMs },
    error: { code, message: detail, remedy, trace },
  };
}

/** `MASK_EMPTY` -> `Mask empty`. */
const titleOf = (code: string) => (code[0] ?? '') + code.slice(1).toLowerCase().replaceAll('_', ' ');

/** Answers with an error, unless the answer has begun or nobody waits for it. */
export function sendProblem(response: ServerResponse, error: EditError, facts: ProblemFacts): void {
  if (response.headersSent || response.destroyed) return;
  const body = JSON.stringify(problemOf(error, facts));
  for (const [name, value] of Object.entries(answerHeaders)) response.setHeader(name, value);
  if (error.retryAfterMs !== undefined) {
    response.setHeader('Retry-After', String(Math.ceil(error.retryAfterMs / 1000)));
  }
  response.statusCode = error.status;
  response.setHeader('Content-Type', problemType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}

/** An error as the bytes of a whole answer, for a connection that brought no request. */
export function rawProblem(error: EditError, reason: string, facts: ProblemFacts): string {
  const body = JSON.stringify(problemOf(error, facts));
  const headers = {
    ...answerHeaders,
    'Content-Type': problemType,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${error.status} ${reason}`, ...lines, '', body].join('\r\n');
}
