import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { StoredObject } from './stored-object.ts';

export type JournalEntry =
  /** `staged` names the file that was about to be renamed into place: replay finishes the renaming. */
  | { readonly put: StoredObject; readonly staged?: string }
  | { readonly deleted: string }
  | { readonly acknowledged: string; readonly generation: string };

/**
 * A bucket's metadata: one line of JSON for each change, replayed at start and then written anew
 * without what is over. A line cut short by a crash is left out.
 */
export interface Journal {
  append(entry: JournalEntry): void;
  close(): void;
}

export interface ReplayedObject {
  readonly object: StoredObject;
  readonly staged?: string;
}

export function replayJournal(path: string): Map<string, ReplayedObject> {
  const objects = new Map<string, ReplayedObject>();
  if (!existsSync(path)) return objects;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const entry = parseLine(line);
    if (entry === undefined) continue;
    if ('put' in entry) {
      const { put, staged } = entry;
      objects.set(put.name, staged === undefined ? { object: put } : { object: put, staged });
    } else if ('deleted' in entry) {
      objects.delete(entry.deleted);
    } else {
      const found = objects.get(entry.acknowledged);
      if (found?.object.generation === entry.generation) {
        objects.set(entry.acknowledged, { ...found, object: { ...found.object, pending: false } });
      }
    }
  }
  return objects;
}

function parseLine(line: string): JournalEntry | undefined {
  try {
    return line === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

export function openJournal(path: string, objects: Iterable<StoredObject>): Journal {
  const compacted = `${path}.new`;
  let text = '';
  for (const put of objects) text += `${JSON.stringify({ put } satisfies JournalEntry)}\n`;
  writeFileSync(compacted, text);
  renameSync(compacted, path);
  const file = openSync(path, 'a');
  return {
    append: (entry) => {
      writeSync(file, `${JSON.stringify(entry)}\n`);
    },
    close: () => closeSync(file),
  };
}
