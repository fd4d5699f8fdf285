import type { Bucket } from './bucket.ts';
import { invalid } from './service-error.ts';
import { compareNames } from './sorted-names.ts';
import type { StoredObject } from './stored-object.ts';

/** The service's own limit of one page. */
const MAX_PAGE = 1000;

export interface Listing {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly nextPageToken?: string;
}

/** Goes on after a name, or after every name under a prefix. */
interface Position {
  readonly after: string;
  readonly isPrefix: boolean;
}

const tokenOf = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function positionOf(token: string): Position {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw invalid(`Invalid value for pageToken: '${token}'`);
  }
}

function pageSizeOf(query: URLSearchParams): number {
  const text = query.get('maxResults');
  if (text === null) return MAX_PAGE;
  if (!/^\d+$/.test(text)) throw invalid(`Invalid value for maxResults: expected an integer, got ${text}`);
  return Math.min(Number(text) || MAX_PAGE, MAX_PAGE);
}

/**
 * One page of a bucket in name order, names under a delimiter folded into prefixes.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/list
 */
export function listObjects(bucket: Bucket, query: URLSearchParams): Listing {
  const { names } = bucket;
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startOffset = query.get('startOffset') ?? '';
  const endOffset = query.get('endOffset') ?? '';
  const pageSize = pageSizeOf(query);
  const token = query.get('pageToken');
  const atOrAfter = (bound: string) => names.search((name) => compareNames(name, bound) >= 0);
  const past = ({ after, isPrefix }: Position) =>
    names.search((name) => compareNames(name, after) > 0 && !(isPrefix && name.startsWith(after)));

  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let position: Position | undefined = token ? positionOf(token) : undefined;
  let index = Math.max(
    atOrAfter(prefix),
    atOrAfter(startOffset),
    position === undefined ? 0 : past(position),
  );
  for (;;) {
    const name = names.at(index);
    if (name === undefined || !name.startsWith(prefix)) break;
    if (endOffset !== '' && compareNames(name, endOffset) >= 0) break;
    if (objects.length + prefixes.length === pageSize && position !== undefined) {
      return { objects, prefixes, nextPageToken: tokenOf(position) };
    }
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    if (cut < 0) {
      objects.push(bucket.get(name)!);
      position = { after: name, isPrefix: false };
      index++;
    } else {
      const folder = name.slice(0, cut + delimiter.length);
      prefixes.push(folder);
      position = { after: folder, isPrefix: true };
      index = past(position);
    }
  }
  return { objects, prefixes };
}
