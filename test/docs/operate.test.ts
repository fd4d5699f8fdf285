import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { gcloudCommands, shellBlocks } from '../../deploy/docs/gcloud-commands.ts';
import { settings } from '../../lib/config.ts';
import { EditError, errorCodes } from '../../lib/errors.ts';
import { type LogEntry, matchesFilter, writtenLines } from '../support/written-lines.ts';

const document = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');
const queries = shellBlocks(document)
  .flatMap((block) => gcloudCommands(block))
  .filter(({ words }) => words[0] === 'logging')
  .map(({ words, flags }) => ({ filter: String(words[2]), format: flags.get('--format') ?? '' }));

test('the table of incidents has every code that the sender cannot help', () => {
  const codes = [...document.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  const wanted = errorCodes.filter((code) => new EditError(code, '').kind !== 'input');
  expect(codes).toEqual(expect.arrayContaining(wanted));
});

test('settings and codes that are named exist', () => {
  const named = [...document.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`|\b([A-Z]+(?:_[A-Z]+)+)=/g)].map(
    ([, quoted, set]) => String(quoted ?? set),
  );
  const known: readonly string[] = [...Object.keys(settings), ...errorCodes];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

describe('log queries', () => {
  let entries: LogEntry[];
  beforeAll(async () => {
    entries = await writtenLines();
  });

  /** Names and numbers of one picture are examples; fields beside the payload belong to Cloud Logging. */
  const generalised = (filter: string) =>
    filter
      .split(' AND ')
      .filter((term) => term.startsWith('jsonPayload'))
      .map((term) => term.replace(/="dir\/photo.jpg"$|[<>]=?\d+$/, ':*'))
      .join(' AND ');

  test('each finds a line that the functions write, and shows fields of it', () => {
    const ofPayload = queries.map(({ filter }) => generalised(filter)).filter((filter) => filter !== '');
    expect(ofPayload.length).toBeGreaterThan(5);
    expect(ofPayload.filter((filter) => !entries.some((entry) => matchesFilter(filter, entry)))).toEqual([]);
    const fields = queries.flatMap(({ format }) => format.match(/jsonPayload\.\w+/g) ?? []);
    expect(fields.filter((field) => !entries.some((entry) => field in entry))).toEqual([]);
  });
});
