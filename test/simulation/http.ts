import { EventEmitter } from 'node:events';
import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';

export interface Asked {
  readonly method: 'GET' | 'POST';
  /** With its query, if any. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Answered {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Calls a function as the framework does, with as much of a request and a response as functions use. */
export function callFunction(handle: HttpFunction, asked: Asked): Promise<Answered> {
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const { request, response } = exchangeOf(asked, resolve);
  void handle(request as unknown as Request, response as unknown as Response);
  return promise;
}

function exchangeOf({ method, path, headers = {}, body }: Asked, resolve: (answered: Answered) => void) {
  const sent: Record<string, string> = { 'content-type': 'application/json', ...headers };
  const text = JSON.stringify(body ?? {});
  const request = {
    ...{ method, originalUrl: path, path: path.split('?')[0], headers: sent, body: body ?? {} },
    rawBody: Buffer.from(text),
    get: (name: string) => sent[name.toLowerCase()],
    is: (type: string) => sent['content-type'] === type,
  };
  const set = new Map<string, string>();
  const events = new EventEmitter();
  const response = {
    ...{ statusCode: 200, headersSent: false, destroyed: false, writableFinished: false },
    on: (name: string, listener: () => void) => events.on(name, listener),
    setHeader: (name: string, value: string) => void set.set(name.toLowerCase(), value),
    set(given: string | Readonly<Record<string, string>>, value = '') {
      const entries = typeof given === 'string' ? [[given, value] as const] : Object.entries(given);
      for (const [name, one] of entries) set.set(name.toLowerCase(), one);
      return response;
    },
    status(code: number) {
      response.statusCode = code;
      return response;
    },
    type: () => response,
    json: (value: unknown) => response.end(JSON.stringify(value)),
    send: (bytes: Uint8Array | string) => response.end(bytes),
    end(bytes: Uint8Array | string = '') {
      response.headersSent = true;
      response.writableFinished = true;
      events.emit('close');
      resolve({ status: response.statusCode, headers: set, body: Buffer.from(bytes).toString() });
    },
  };
  return { request, response };
}
