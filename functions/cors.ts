import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerHeaders } from './picture-headers.ts';

const methods = 'POST';
const requestHeaders = 'Accept, Authorization, Content-Type, traceparent';
const exposedHeaders = [...Object.keys(answerHeaders), 'Retry-After', 'traceparent'].join(', ');
const preflightSeconds = 600;

export const isAllowedOrigin = (origin: string | undefined, origins: readonly string[]): boolean =>
  origin !== undefined && origins.includes(origin);

/**
 * Opens an answer to the pages of these origins, errors too; of others nothing is said.
 *
 * @returns true when the request was a browser's question whether it may send one, and is answered.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function answerOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
): boolean {
  if (origins.length === 0) return false;
  response.setHeader('Vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined || !isAllowedOrigin(origin, origins)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) {
    response.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    return false;
  }
  response.setHeader('Access-Control-Allow-Methods', methods);
  response.setHeader('Access-Control-Allow-Headers', requestHeaders);
  response.setHeader('Access-Control-Max-Age', String(preflightSeconds));
  response.statusCode = 204;
  response.end();
  return true;
}
