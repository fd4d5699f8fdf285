import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { hostOf, isLoopback } from '../loopback.ts';
import type { Operations } from './operations.ts';
import { errorReply, type Reply, sendReply } from './reply.ts';
import { parseRequest, type StorageRequest } from './request.ts';
import { ServiceError } from './service-error.ts';

/**
 * Stands between a request and its effect. A test's may run it late, twice or not; `undefined`: nothing is
 * answered.
 */
export type Intercept = (
  request: StorageRequest,
  run: () => Promise<Reply>,
  response: ServerResponse,
) => Promise<Reply | undefined>;

interface ServerParts {
  readonly now: () => number;
  readonly operations: Operations;
  readonly intercept: Intercept;
  readonly log: (message: string) => void;
}

/** Serves the JSON API over HTTP. The emulator's clock is the `Date` of its answers. */
export function serve(server: Server, parts: ServerParts): void {
  server.on('request', (message, response) => {
    answer(parts, message, response).catch((error: Error) => {
      // The client went away while it was being answered.
      if (!response.destroyed) parts.log(`storage: ${message.method} ${message.url}: ${error.message}`);
      response.destroy();
    });
  });
}

async function answer(parts: ServerParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await replyTo(parts, message, response);
  if (reply === undefined) return;
  // What is left of an upload that was refused has to be taken off the line.
  message.resume();
  response.setHeader('date', new Date(parts.now()).toUTCString());
  await sendReply(reply, response, message.method);
}

async function replyTo(
  { operations, intercept, log }: ServerParts,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  try {
    const host = hostOf(message);
    if (!isLoopback(host))
      throw new ServiceError(403, 'forbidden', `Expected a loopback host, got '${host}'`);
    const request = parseRequest(message);
    return await intercept(request, async () => operations[request.operation](request), response);
  } catch (error) {
    if (message.destroyed && !message.complete) return undefined;
    const reply = errorReply(error);
    if (reply.status === 500) log(`storage: ${message.method} ${message.url}: ${String(error)}`);
    return reply;
  }
}
