import type { IncomingMessage } from 'node:http';
import { LOOPBACK } from '../loopback.ts';
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
  | 'delete'
  | 'rewrite'
  | 'bucket';

interface ObjectName {
  readonly bucket: string;
  readonly name: string;
}

export interface StorageRequest {
  readonly operation: Operation;
  readonly method: string;
  /** Name of the client, from a base URL of its own (`{url}/@name`); else empty. */
  readonly client: string;
  readonly bucket: string;
  readonly name: string;
  /** Where a copy goes. */
  readonly destination?: ObjectName;
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  /** As the client sees this server. */
  readonly baseUrl: string;
}

/** A client may be given the API below `/@name`: then it can be told from the others. */
const API_PREFIX =
  /^(?:\/@(?<client>[^/]+))?(?:\/(?:resumable\/)?(?<upload>upload)|\/download)?(?:\/storage\/v1)?\/b(?=\/|$)/;

/** Reads the route of the JSON API, with or without `/storage/v1`. */
export function parseRequest(message: IncomingMessage): StorageRequest {
  const [path = '', query = ''] = (message.url ?? '/').split(/\?(.*)/s, 2);
  const method = message.method ?? 'GET';
  const prefix = API_PREFIX.exec(path);
  if (prefix === null) throw notFound('Not Found');
  const { client = '', upload } = prefix.groups ?? {};
  const segments = path.slice(prefix[0].length).split('/').slice(1).map(decode);
  const [bucket = '', collection = '', ...rest] = segments;
  const baseUrl = `http://${message.headers.host ?? LOOPBACK}${client === '' ? '' : `/@${client}`}`;
  const common = { method, client, bucket, query: new URLSearchParams(query), message, baseUrl };
  if (collection !== 'o') {
    if (collection !== '' && collection !== 'storageLayout') throw notFound('Not Found');
    return { ...common, operation: 'bucket', name: '' };
  }
  const copy = copyOf(rest);
  if (copy !== undefined && method === 'POST') return { ...common, ...copy };
  const name = rest.join('/');
  return { ...common, name, operation: operationOf(common, name, upload !== undefined) };
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
  const at = rest.indexOf('rewriteTo');
  if (at < 1 || rest[at + 1] !== 'b' || rest[at + 3] !== 'o') return undefined;
  const destination = { bucket: rest[at + 2] ?? '', name: rest.slice(at + 4).join('/') };
  return { operation: 'rewrite', name: rest.slice(0, at).join('/'), destination };
}

function operationOf(
  { method, query }: Pick<StorageRequest, 'method' | 'query'>,
  name: string,
  isUpload: boolean,
): Operation {
  const operation = isUpload ? uploadOperation(method, query) : objectOperation(method, name, query);
  if (operation === undefined) throw notFound('Not Found');
  return operation;
}

function uploadOperation(method: string, query: URLSearchParams): Operation | undefined {
  if (method === 'POST' && !query.has('upload_id')) return 'create';
  if (method === 'PUT' || method === 'POST') return 'chunk';
  return method === 'DELETE' ? 'cancel' : undefined;
}

function objectOperation(method: string, name: string, query: URLSearchParams): Operation | undefined {
  if (name === '') return method === 'GET' ? 'list' : undefined;
  if (method === 'GET' || method === 'HEAD') return query.get('alt') === 'media' ? 'read' : 'stat';
  const changes: Readonly<Record<string, Operation>> = { PATCH: 'patch', DELETE: 'delete' };
  return changes[method];
}
