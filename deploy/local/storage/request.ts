import type { IncomingMessage } from 'node:http';
import { invalid, notFound } from './service-error.ts';

/** What a request asks for; `chunk` is a PUT to a resumable session, `create` any upload's POST. */
export type Operation =
  | 'stat'
  | 'read'
  | 'list'
  | 'create'
  | 'chunk'
  | 'cancel'
  | 'patch'
  | 'update'
  | 'delete'
  | 'copy'
  | 'rewrite'
  | 'bucket';

export interface ObjectName {
  readonly bucket: string;
  readonly name: string;
}

export interface StorageRequest {
  readonly operation: Operation;
  readonly method: string;
  /** Who asks, when the client was given a worker's URL; else empty. */
  readonly worker: string;
  readonly bucket: string;
  readonly name: string;
  /** Where a copy goes. */
  readonly destination?: ObjectName;
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  /** As the client sees this server. */
  readonly baseUrl: string;
}

/** Clients name a worker by this path before the API's: faults can then hit one of several. */
export const WORKER_PREFIX = '/_worker/';
export const CONTROL_PREFIX = '/_control/';

export interface Target {
  readonly worker: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Splits `/_worker/w1/storage/v1/b?x=y` into worker, path and query. */
export function targetOf(url: string): Target {
  const [rawPath = '', rawQuery = ''] = url.split(/\?(.*)/s, 2);
  const query = new URLSearchParams(rawQuery);
  if (!rawPath.startsWith(WORKER_PREFIX)) return { worker: '', path: rawPath, query };
  const rest = rawPath.slice(WORKER_PREFIX.length);
  const slash = rest.indexOf('/');
  if (slash < 0) throw notFound('Not Found');
  return { worker: rest.slice(0, slash), path: rest.slice(slash), query };
}

const API_PREFIX = /^(?:\/(?:resumable\/)?(upload)|\/download)?(?:\/storage\/v1)?\/b(?=\/|$)/;

/** Reads the route of the JSON API, with or without `/storage/v1`. */
export function parseRequest(target: Target, message: IncomingMessage): StorageRequest {
  const { path, query, worker } = target;
  const method = message.method ?? 'GET';
  const prefix = API_PREFIX.exec(path);
  if (prefix === null) throw notFound('Not Found');
  const isUpload = prefix[1] !== undefined;
  const segments = path.slice(prefix[0].length).split('/').slice(1).map(decode);
  const [bucket = '', collection = '', ...rest] = segments;
  const host = message.headers.host ?? '127.0.0.1';
  const baseUrl = `http://${host}${worker === '' ? '' : WORKER_PREFIX + worker}`;
  const common = { method, worker, bucket, query, message, baseUrl };
  if (collection !== 'o') {
    if (collection !== '' && collection !== 'storageLayout') throw notFound('Not Found');
    return { ...common, operation: 'bucket', name: '' };
  }
  const copy = copyOf(rest);
  if (copy !== undefined && method === 'POST') return { ...common, ...copy };
  const name = rest.join('/');
  return { ...common, name, operation: operationOf(method, name, isUpload, query) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid(`Invalid percent-encoding: '${segment}'`);
  }
}

function copyOf(
  rest: readonly string[],
): Pick<StorageRequest, 'operation' | 'name' | 'destination'> | undefined {
  const at = rest.findIndex((segment) => segment === 'rewriteTo' || segment === 'copyTo');
  if (at < 1 || rest[at + 1] !== 'b' || rest[at + 3] !== 'o') return undefined;
  const destination = { bucket: rest[at + 2] ?? '', name: rest.slice(at + 4).join('/') };
  return {
    operation: rest[at] === 'copyTo' ? 'copy' : 'rewrite',
    name: rest.slice(0, at).join('/'),
    destination,
  };
}

function operationOf(method: string, name: string, isUpload: boolean, query: URLSearchParams): Operation {
  if (isUpload) {
    if (method === 'POST' && !query.has('upload_id')) return 'create';
    if (method === 'PUT' || method === 'POST') return 'chunk';
    if (method === 'DELETE') return 'cancel';
  } else if (name === '') {
    if (method === 'GET') return 'list';
  } else if (method === 'GET' || method === 'HEAD') {
    return query.get('alt') === 'media' ? 'read' : 'stat';
  } else if (method === 'PATCH') return 'patch';
  else if (method === 'PUT') return 'update';
  else if (method === 'DELETE') return 'delete';
  throw notFound('Not Found');
}
