import { EditError } from '../../lib/errors.ts';
import { meant } from '../../lib/requests/nearest.ts';
import { shortName } from '../../lib/requests/schema.ts';

const wrong = (name: string, expected: string, got: string) =>
  new EditError('REQUEST_INVALID', `${name}: ${expected}, got ${shortName(got)}`, {
    errors: [{ pointer: `?${name}`, detail: expected }],
  });

interface Range {
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

/** @throws {EditError} `REQUEST_INVALID`. */
export function integerIn(query: URLSearchParams, name: string, { least, most, fallback }: Range): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw wrong(name, `expected an integer of ${least}..${most}`, text);
}

/** @throws {EditError} `REQUEST_INVALID`. */
export function wordIn<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = query.get(name);
  const word = words.find((each) => each === text);
  if (text === null || word !== undefined) return word;
  throw wrong(name, `expected one of ${words.join(', ')}${meant(text, words)}`, text);
}
