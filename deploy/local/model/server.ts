import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Answer, answerModel, type ModelParts, pathOf } from './answer-model.ts';
import { ApiError, errorBody } from './api-error.ts';
import { control, controlPrefix } from './control.ts';
import { targetOf } from './route.ts';

export interface ServerParts extends ModelParts {
  /** Sees each body as it came, before it is judged; for tests that compare requests. */
  readonly onRequest: (path: string, body: unknown) => void;
  readonly print: (line: string) => void;
}

/** The HTTP side: routes, behaviours, the call log. */
export function serve(server: Server, parts: ServerParts): void {
  server.on('request', (message, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    answer(parts, message, response, gone.signal)
      .then((reply) => reply && send(reply, response))
      .catch((error: unknown) => {
        // The client went away, or was sent away: nobody is left to be answered.
        if (!gone.signal.aborted)
          parts.print(`model: ${message.method} ${pathOf(message)}: ${String(error)}`);
        response.destroy();
      });
  });
}

async function answer(
  parts: ServerParts,
  message: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<Answer | undefined> {
  try {
    requireLoopback(message);
    const path = pathOf(message);
    const sent = await text(message);
    if (path.startsWith(controlPrefix)) {
      return { status: 200, json: control(parts, message.method, path, parseJson(sent || '{}')) };
    }
    const target = targetOf(message.method, path);
    const body = parseJson(sent);
    parts.onRequest(path, body);
    return await answerModel(parts, { target, body, message, gone, breakOff: () => response.destroy() });
  } catch (error) {
    return asAnswer(error, parts, gone);
  }
}

function asAnswer(error: unknown, { print }: ServerParts, gone: AbortSignal): Answer {
  if (gone.aborted) throw error;
  if (error instanceof ApiError) {
    return { status: error.code, json: errorBody(error), retryAfterSeconds: error.retryAfterSeconds };
  }
  print(`model: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return { status: 500, json: errorBody(new ApiError(500, 'Internal error encountered.')) };
}

function parseJson(sent: string): unknown {
  try {
    return JSON.parse(sent);
  } catch {
    throw new ApiError(400, 'Invalid JSON payload received. Parse error.');
  }
}

/** Pages on the web can send requests to loopback under a name of their own. */
function requireLoopback({ headers }: IncomingMessage): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (!['localhost', '127.0.0.1', '[::1]'].includes(host)) {
    throw new ApiError(403, 'Expected a loopback host');
  }
}

function send({ status, json, text: body, retryAfterSeconds }: Answer, response: ServerResponse): void {
  const payload = body ?? JSON.stringify(json);
  const type = body === undefined ? 'application/json; charset=UTF-8' : 'text/html';
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(payload),
  };
  if (retryAfterSeconds !== undefined) headers['retry-after'] = retryAfterSeconds;
  response.writeHead(status, headers);
  response.end(payload);
}
