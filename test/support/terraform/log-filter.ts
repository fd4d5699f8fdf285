/** A line as Cloud Logging keeps it. */
export interface LogEntry {
  readonly resource: { readonly type: string; readonly labels: { readonly service_name: string } };
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
}

/** What Cloud Run makes of a line of stdout: fields with a meaning of their own leave the payload. */
export function logEntryOf(line: string, service: string): LogEntry {
  const resource = { type: 'cloud_run_revision', labels: { service_name: service } };
  if (!line.startsWith('{')) return { resource, textPayload: line };
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
  const isOwn = ([name]: [string, unknown]) =>
    !/^(severity|httpRequest|time|timestamp|logging\.googleapis\.com\/.+)$/.test(name);
  return { resource, jsonPayload: Object.fromEntries(fields.filter(isOwn)) };
}

/** `a.b="x"`, `a.b=~"^x"`, `a.b>=1`, `a.b:*`. */
const comparison = /^([\w.]+)(=~|>=|<=|=|>|<|:)(\*|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)$/;

/**
 * Comparisons joined by AND: as much of the query language of Cloud Logging as the metrics use.
 *
 * @see https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function matchesFilter(filter: string, entry: LogEntry): boolean {
  return filter.split(' AND ').every((term) => {
    const [, path, operator, literal] = comparison.exec(term) ?? [];
    if (path === undefined || literal === undefined) throw new Error(`Expected a comparison, got ${term}`);
    const found = valueAt(entry, path);
    if (operator === ':') return found !== undefined;
    if (found === undefined) return false;
    const wanted = literal.startsWith('"') ? (JSON.parse(literal) as string) : Number(literal);
    if (operator === '=~') return new RegExp(String(wanted)).test(String(found));
    if (operator === '=') return found === wanted;
    return typeof found === 'number' && compares(found, operator, Number(wanted));
  });
}

function compares(found: number, operator: string | undefined, wanted: number): boolean {
  if (operator === '>') return found > wanted;
  if (operator === '>=') return found >= wanted;
  return operator === '<' ? found < wanted : found <= wanted;
}

export function valueAt(entry: LogEntry, path: string): unknown {
  let at: unknown = entry;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at ?? undefined;
}
