import { subscribe } from 'node:diagnostics_channel';
import { type IncomingMessage, Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { asEditError, EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { traceContextOf } from '../lib/trace.ts';
import type { AdmitCaller } from './caller.ts';
import { answerOrigin } from './cors.ts';
import { rawProblem, sendProblem } from './problem.ts';

export interface GateOptions {
  readonly log: Log;
  /** Largest body of a request. */
  readonly maxBodyBytes: number;
  /** POST alone when left out. */
  readonly methods?: readonly string[];
  /** Origins of pages that may call; none when left out. */
  readonly origins?: readonly string[];
  /** Where docs/errors.md can be read, for problems. */
  readonly errorsUrl?: string | undefined;
  /** Checks who calls, before the body is read. */
  readonly admit?: AdmitCaller | undefined;
  /** A body that brings no byte for this long ends its request. */
  readonly idleBodyMs?: number;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The framework's Express app, as far as it is used here. */
interface App {
  use(handler: Listener | ErrorListener): void;
}
/** Express tells it by its four parameters. */
type ErrorListener = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: unknown,
) => void;

const idleBodyMs = 60_000;
/** A caller that was refused may send this much longer: a connection cut at once would lose the answer. */
const lingerMs = 5_000;
/** What browsers ask every server for. */
const notFound: readonly (string | undefined)[] = ['/favicon.ico', '/robots.txt'];

/** Guards the server of this process before it listens. */
export function guardServers(options: GateOptions): void {
  subscribe('tracing:net.server.listen:asyncStart', (message) => {
    const { server } = message as { readonly server: unknown };
    if (server instanceof Server) guard(server, options);
  });
}

/**
 * Stands before the framework, which reads and unpacks a whole body before a function sees it, and prints
 * bodies that it cannot parse. Refuses other methods, and compressed, too large and stalled bodies;
 * everything that the framework refuses is answered as a problem, and nothing of a body is logged.
 */
export function guard(server: Server, options: GateOptions): void {
  const [listener] = server.listeners('request') as [Listener & Partial<App>];
  if (isApp(listener)) answerErrors(listener, options);
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (answerOrigin(request, response, options.origins ?? [])) return;
    const enter = () => {
      // The parsers of the framework leave a body without a type unread.
      request.headers['content-type'] ??= 'application/octet-stream';
      watchBody(request, response, options);
      listener(request, response);
    };
    const error = refusalOf(request, options);
    if (error !== undefined) turnAway({ request, response, error, ...options });
    else if (options.admit === undefined) enter();
    else {
      const turnedAway = (thrown: unknown) =>
        turnAway({ request, response, error: asEditError(thrown), ...options });
      options.admit(request.headers.authorization).then(enter, turnedAway);
    }
  });
  answerMalformed(server, options);
}

/** Refuses a request whose body nobody reads. */
function turnAway(refusal: Refusal): void {
  refuse(refusal);
  const { request } = refusal;
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref();
  request.once('close', () => clearTimeout(timer));
}

const onlyPost: readonly string[] = ['POST'];

const isApp = (listener: object): listener is App => 'use' in listener;

function refusalOf(
  { method = '', headers, url }: IncomingMessage,
  { maxBodyBytes, methods = onlyPost }: GateOptions,
): EditError | undefined {
  if (notFound.includes(url)) {
    return new EditError('NOT_FOUND', 'Expected the address of a function, got another');
  }
  if (!methods.includes(method))
    return new EditError('METHOD_NOT_ALLOWED', `Expected ${methods.join(', ')}, got ${method}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return new EditError('ENCODING_UNSUPPORTED', 'Expected a body that is not compressed, got one that is');
  }
  return Number(headers['content-length'] ?? 0) > maxBodyBytes ? tooLarge(maxBodyBytes) : undefined;
}

const tooLarge = (maxBodyBytes: number) =>
  new EditError('REQUEST_TOO_LARGE', `Expected a body of at most ${maxBodyBytes} bytes, got a larger one`);

/** Ends a request whose body grows too large without saying so, or stalls. */
function watchBody(request: IncomingMessage, response: ServerResponse, options: GateOptions): void {
  const { maxBodyBytes } = options;
  const idleMs = options.idleBodyMs ?? idleBodyMs;
  let bytes = 0;
  const end = (error: EditError) => {
    clearTimeout(timer);
    if (response.headersSent) return void request.destroy();
    response.setHeader('Connection', 'close');
    refuse({ ...options, request, response, error });
    // The framework gives up on a request that is destroyed.
    response.once('finish', () => request.destroy());
  };
  const message = `Expected a byte of the body within ${idleMs} ms, got none`;
  const timer = setTimeout(() => end(new EditError('REQUEST_TIMEOUT', message)), idleMs);
  request.on('data', (chunk: Buffer) => {
    timer.refresh();
    const before = bytes;
    bytes += chunk.length;
    if (bytes > maxBodyBytes && before <= maxBodyBytes) end(tooLarge(maxBodyBytes));
  });
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
}

interface Refusal extends Pick<GateOptions, 'log' | 'methods' | 'errorsUrl'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly error: EditError;
}

function refuse({ request, response, error, log, errorsUrl, methods = onlyPost }: Refusal): void {
  const { code, status } = error;
  if (code === 'UNAUTHENTICATED') response.setHeader('WWW-Authenticate', 'Bearer');
  if (code === 'METHOD_NOT_ALLOWED') response.setHeader('Allow', methods.join(', '));
  sendProblem(response, error, { trace: traceContextOf(request.headers)?.traceId, errorsUrl });
  const httpRequest = { requestMethod: request.method, status };
  if (error.kind === 'bug')
    log.error(`Request failed: ${error.message}`, { code, status, httpRequest, error });
  else log.warn(`Request refused: ${error.message}`, { code, status, httpRequest });
}

/** What the framework's own parsers refuse. */
function answerErrors(app: App, options: GateOptions): void {
  const onError: ErrorListener = (thrown, request, response, _next) =>
    refuse({ ...options, request, response, error: parserError(thrown) });
  app.use(onError);
}

/** The message of a parser quotes the body: it goes nowhere. */
function parserError(thrown: unknown): EditError {
  const { status, type } = thrown as { readonly status?: unknown; readonly type?: unknown };
  if (thrown instanceof EditError || typeof status !== 'number' || status >= 500) return asEditError(thrown);
  if (status === 413) return new EditError('REQUEST_TOO_LARGE', 'Expected a smaller body, got a larger one');
  if (status === 415)
    return new EditError('ENCODING_UNSUPPORTED', 'Expected text as UTF-8, got another encoding');
  const message =
    type === 'request.aborted'
      ? 'Expected the whole body, got a part of it'
      : type === 'entity.parse.failed'
        ? 'Expected a body of JSON, got one that is none'
        : 'Expected a well-formed request, got another';
  return new EditError('REQUEST_INVALID', message);
}

/** What node cannot read as a request: no function and no framework sees it. */
export function answerMalformed(server: Server, { errorsUrl }: Pick<GateOptions, 'errorsUrl'> = {}): void {
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || code === 'ECONNRESET') return void socket.destroy();
    const error = malformed(code);
    socket.end(rawProblem(error, STATUS_CODES[error.status] ?? 'Error', { errorsUrl }));
  });
}

function malformed(code: string | undefined): EditError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new EditError('HEADERS_TOO_LARGE', 'Expected an address and headers of at most 16 KiB, got more');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new EditError('REQUEST_TIMEOUT', 'Expected the whole request in time, got a part of it');
  }
  return new EditError('REQUEST_INVALID', 'Expected a request in HTTP/1.1, got other bytes');
}
