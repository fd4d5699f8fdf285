import { closeSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { LOOPBACK } from '../loopback.ts';
import { damagedReply } from './damaged-reply.ts';
import type { FaultGate } from './faults.ts';
import { errorReply, type Reply, sendReply } from './reply.ts';
import {
  CONTROL_PREFIX,
  type Operation,
  parseRequest,
  type StorageRequest,
  type Target,
  targetOf,
} from './request.ts';
import type { RequestCounter } from './request-counts.ts';
import { ServiceError } from './service-error.ts';

export interface ServerParts {
  readonly now: () => number;
  readonly advance: (ms: number) => void;
  readonly handlers: Record<Operation, (request: StorageRequest) => Reply | Promise<Reply>>;
  readonly control: (target: Target, message: IncomingMessage) => Promise<Reply>;
  readonly faults: FaultGate;
  readonly counter: RequestCounter;
  readonly log: (message: string) => void;
}

/** The HTTP side: routes, counts, faults, the server's clock as `Date`. */
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
  let reply: Reply | undefined;
  try {
    requireLoopback(message);
    const target = targetOf(message.url ?? '/');
    reply = target.path.startsWith(CONTROL_PREFIX)
      ? await parts.control(target, message)
      : await runWithFaults(parts, parseRequest(target, message), response);
  } catch (error) {
    if (message.destroyed && !message.complete) return;
    reply = errorReply(error);
    if (reply.status === 500) parts.log(`storage: ${message.method} ${message.url}: ${String(error)}`);
  }
  if (reply === undefined) return;
  // What is left of an upload that was refused has to be taken off the line.
  message.resume();
  response.setHeader('date', new Date(parts.now()).toUTCString());
  await sendReply(reply, response, message.method);
}

/** Pages on the web can send requests to loopback under a name of their own. */
function requireLoopback({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (!['localhost', LOOPBACK, '[::1]'].includes(host)) {
    throw new ServiceError(403, 'forbidden', `Expected a loopback host, got '${host}'`);
  }
}

/** The reply to send, or `undefined` when the client is to hear nothing. */
async function runWithFaults(
  { faults, counter, handlers, advance }: ServerParts,
  request: StorageRequest,
  response: ServerResponse,
): Promise<Reply | undefined> {
  if (faults.isDead(request.worker)) return undefined;
  counter.count(request);
  const decision = faults.decide(request);
  const run = () => handlers[request.operation](request);
  if (decision === undefined) return run();

  const { rule, hit } = decision;
  if (rule.kind === 'lost' || rule.kind === 'crash-after') {
    const unheard = await Promise.resolve(request).then(run).catch(errorReply);
    if (unheard.file !== undefined) closeSync(unheard.file.handle);
    if (rule.kind === 'crash-after') faults.kill(request.worker);
    await rule.onHit?.(hit);
    if (rule.kind === 'lost') response.destroy();
    return undefined;
  }
  if (rule.kind === 'crash-before') faults.kill(request.worker);
  await rule.onHit?.(hit);
  switch (rule.kind) {
    case '503':
      throw new ServiceError(503, 'backendError', 'Service Unavailable');
    case 'reset':
      response.destroy();
      return undefined;
    case 'crash-before':
      return undefined;
    case 'hang':
      return (await faults.wait()) ? run() : undefined;
    case 'advance':
      advance(rule.advanceMs ?? 0);
      return run();
    case 'notice':
      return run();
    case 'cut':
    case 'stalled':
    case 'garbled':
      return damagedReply(await run(), rule.kind);
  }
}
