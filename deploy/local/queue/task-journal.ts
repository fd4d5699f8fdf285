import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Task } from './task.ts';

type Entry = { readonly task: Task } | { readonly over: string; readonly atMs: number };

/** Tasks on disk, one line for each change, so that a restart loses none. */
export interface TaskJournal {
  /** Tasks not yet over. */
  readonly tasks: ReadonlyMap<string, Task>;
  /** Names that are over, and since when. */
  readonly over: ReadonlyMap<string, number>;
  put(task: Task): void;
  end(name: string, atMs: number): void;
}

/** Replays the file, then writes it anew without tasks over and names forgotten before `forgetBeforeMs`. */
export function openTaskJournal(path: string, forgetBeforeMs: number): TaskJournal {
  const tasks = new Map<string, Task>();
  const over = new Map<string, number>();
  const apply = (entry: Entry): void => {
    if ('task' in entry) {
      tasks.set(entry.task.name, entry.task);
    } else {
      tasks.delete(entry.over);
      over.set(entry.over, entry.atMs);
    }
  };
  for (const entry of readEntries(path)) apply(entry);
  for (const [name, atMs] of over) if (atMs < forgetBeforeMs) over.delete(name);

  mkdirSync(dirname(path), { recursive: true });
  const kept: Entry[] = [
    ...[...over].map(([name, atMs]) => ({ over: name, atMs })),
    ...[...tasks.values()].map((task) => ({ task })),
  ];
  writeFileSync(`${path}.new`, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  renameSync(`${path}.new`, path);

  const record = (entry: Entry): void => {
    apply(entry);
    appendFileSync(path, `${JSON.stringify(entry)}\n`);
  };
  return {
    tasks,
    over,
    put: (task) => record({ task }),
    end: (name, atMs) => record({ over: name, atMs }),
  };
}

function readEntries(path: string): Entry[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Entry];
      } catch {
        // Cut short by a crash: that change was never acknowledged.
        return [];
      }
    });
}
