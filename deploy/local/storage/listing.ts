import type { Bucket } from './bucket.ts';
import type { StoredObject } from './object.ts';
import { invalid } from './service-error.ts';
import { compareNames, type SortedNames } from './sorted-names.ts';

/** The service's own limit of one page. */
const MAX_PAGE = 1000;

interface Listing {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly nextPageToken?: string;
}

/** Where the next page begins: after a name, or after every name that starts with a folded prefix. */
interface Position {
  readonly after: string;
  readonly isPrefix: boolean;
}

const tokenOf = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function positionOf(token: string | null): Position | undefined {
  if (!token) return undefined;
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
 * One page of a bucket in name order. With a delimiter, names that go on behind it are folded into prefixes.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/list
 */
export function listObjects({ names, objects: stored }: Bucket, query: URLSearchParams): Listing {
  const prefix = query.get('prefix') ?? '';
  const pageSize = pageSizeOf(query);
  const isListed = within(prefix, query.get('endOffset') ?? '');
  const past = ({ after, isPrefix }: Position) =>
    names.search((name) => compareNames(name, after) > 0 && !(isPrefix && name.startsWith(after)));

  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let position = positionOf(query.get('pageToken'));
  let index = firstIndex(names, [prefix, query.get('startOffset') ?? '']);
  if (position !== undefined) index = Math.max(index, past(position));
  for (let name = names.at(index); name !== undefined && isListed(name); name = names.at(index)) {
    if (objects.length + prefixes.length === pageSize && position !== undefined)
      return { objects, prefixes, nextPageToken: tokenOf(position) };
    const folder = folderOf(name, prefix, query.get('delimiter') ?? '');
    position = { after: folder ?? name, isPrefix: folder !== undefined };
    if (folder === undefined) objects.push(stored.get(name)!);
    else prefixes.push(folder);
    index = folder === undefined ? index + 1 : past(position);
  }
  return { objects, prefixes };
}

const within =
  (prefix: string, endOffset: string) =>
  (name: string): boolean =>
    name.startsWith(prefix) && (endOffset === '' || compareNames(name, endOffset) < 0);

/** Index of the first name at or after all of the bounds. */
const firstIndex = (names: SortedNames, bounds: readonly string[]): number =>
  Math.max(...bounds.map((bound) => names.search((name) => compareNames(name, bound) >= 0)));

/** The part of a name up to its first delimiter behind the prefix, or `undefined` when it has none. */
function folderOf(name: string, prefix: string, delimiter: string): string | undefined {
  const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
  return cut < 0 ? undefined : name.slice(0, cut + delimiter.length);
}
