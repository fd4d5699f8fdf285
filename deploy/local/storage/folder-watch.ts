import { type FSWatcher, lstatSync, readdirSync, type Stats, watch } from 'node:fs';
import { join } from 'node:path';

export interface FolderWatchOptions {
  readonly folder: string;
  /** A file counts as whole when nothing wrote to it for this long. */
  readonly settleMs: number;
  /** False: only `scan` looks. */
  readonly isLive: boolean;
  /** The file is known and unchanged. */
  readonly isKnown: (path: string, stats: Stats) => boolean;
  /** A new or changed file has settled. */
  readonly onFile: (path: string) => Promise<void>;
  /** Nothing is there any more under this path: neither a file nor a folder. */
  readonly onGone: (path: string) => void;
  readonly log: (message: string) => void;
}

export interface FolderWatch {
  /** Looks at everything now; settles when whatever is whole has been taken in. */
  scan(): Promise<void>;
  close(): void;
}

/** Several events belong to one change. */
const COALESCE_MS = 20;
/** Programs that download or save put their unfinished work beside the target under such names. */
const UNFINISHED = /^\.|~$|^~\$|^#.*#$|\.(part|partial|crdownload|download|tmp|temp|swp|swx)$/i;

/** A file of the system, of an editor, or half copied: not meant as an upload. */
export const isIgnored = (path: string): boolean =>
  path.split('/').some((segment) => UNFINISHED.test(segment));

/**
 * Watches a folder and all below it. One watch per folder: recursive watching of Node on Linux takes one
 * for each file, which many thousand objects would use up.
 */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  const { folder, settleMs, isKnown, onFile, onGone, log } = options;
  const watchers = new Map<string, FSWatcher>();
  const dirty = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let working: Promise<void> = Promise.resolve();

  const look = (path: string): Stats | undefined => lstatSync(join(folder, path), { throwIfNoEntry: false });

  const schedule = (ms: number): void => {
    if (isClosed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void work();
    }, ms);
  };
  const touch = (path: string): void => {
    dirty.add(path);
    schedule(COALESCE_MS);
  };
  const watchOne = (path: string): void => {
    if (!options.isLive || watchers.has(path) || isClosed) return;
    try {
      const watcher = watch(join(folder, path), (_, entry) =>
        touch(entry === null ? path : join(path, entry)),
      );
      watcher.on('error', () => unwatch(path));
      watchers.set(path, watcher);
    } catch (error) {
      log(
        `storage: not watching ${join(folder, path)} (${(error as Error).message}); restart to take files in`,
      );
    }
  };
  const unwatch = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
  };
  const enter = (path: string): void => {
    watchOne(path);
    for (const entry of readdirSync(join(folder, path))) dirty.add(join(path, entry));
  };

  const inspect = async (path: string): Promise<void> => {
    const stats = look(path);
    if (stats === undefined) {
      unwatch(path);
      onGone(path);
    } else if (stats.isDirectory()) {
      if (!isIgnored(path)) enter(path);
    } else if (stats.isFile() && !isKnown(path, stats) && !isIgnored(path)) {
      const quietMs = Date.now() - Math.max(stats.mtimeMs, stats.ctimeMs);
      if (quietMs >= settleMs) await onFile(path);
      else waiting.add(path);
    }
  };
  const waiting = new Set<string>();
  const drain = async (): Promise<void> => {
    while (dirty.size > 0 && !isClosed) {
      const paths = [...dirty];
      dirty.clear();
      for (const path of paths) {
        await inspect(path).catch((error: Error) => log(`storage: ${join(folder, path)}: ${error.message}`));
      }
    }
    for (const path of waiting) dirty.add(path);
    waiting.clear();
    if (dirty.size > 0) schedule(Math.max(settleMs / 4, COALESCE_MS));
  };
  const work = (): Promise<void> => {
    working = working.then(drain);
    return working;
  };

  return {
    scan: () => {
      enter('');
      return work();
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
