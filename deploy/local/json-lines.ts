import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** A journal on disk: one JSON value per line, appended for each change. */
export interface JsonLines<T> {
  append(entry: T): void;
  close(): void;
}

/** Reads a journal. A line that a crash cut short is left out: nobody was told that its change happened. */
export function readJsonLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap(parseLine<T>);
}

function parseLine<T>(line: string): T[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as T];
  } catch {
    return [];
  }
}

/** Replaces a journal by the entries that still matter, then appends to it. */
export function openJsonLines<T>(path: string, kept: Iterable<T>): JsonLines<T> {
  const lineOf = (entry: T): string => `${JSON.stringify(entry)}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, Array.from(kept, lineOf).join(''));
  renameSync(`${path}.new`, path);
  const file = openSync(path, 'a');
  return {
    append: (entry) => {
      writeSync(file, lineOf(entry));
    },
    close: () => closeSync(file),
  };
}
