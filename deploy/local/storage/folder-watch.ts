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
  /** No file and no folder is left at this path. */
  readonly onGone: (path: string) => void;
  readonly log: (message: string) => void;
}

export interface FolderWatch {
  /** Looks at everything now; resolves when every whole file has been taken in. */
  scan(): Promise<void>;
  close(): void;
}

/** Several events belong to one change. */
const COALESCE_MS = 20;
/** Programs that download or save put their unfinished work beside the target under such names. */
const UNFINISHED = /^\.|~$|^~\$|^#.*#$|\.(part|partial|crdownload|download|tmp|temp|swp|swx)$/i;

const isIgnored = (path: string): boolean => path.split('/').some((segment) => UNFINISHED.test(segment));

/** Paths are relative to the watched folder, which is '' itself. */
interface WatchState {
  readonly options: FolderWatchOptions;
  readonly watchers: Map<string, FSWatcher>;
  /** Paths to look at. */
  readonly dirty: Set<string>;
  /** Files that somebody may still be writing. */
  readonly unsettled: Set<string>;
  timer: NodeJS.Timeout | undefined;
  isClosed: boolean;
  /** Resolves when the work so far is done: paths are looked at one after another. */
  working: Promise<void>;
}

/**
 * Watches a folder and all below it, with one watch for each folder: recursive watching of Node on Linux
 * takes one for each file, and many thousand objects would use up what the system allows.
 */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  const state: WatchState = {
    ...{ options, watchers: new Map(), dirty: new Set(), unsettled: new Set() },
    ...{ timer: undefined, isClosed: false, working: Promise.resolve() },
  };
  return {
    scan: () => {
      enterFolder(state, '');
      return work(state);
    },
    close: () => {
      state.isClosed = true;
      clearTimeout(state.timer);
      for (const watcher of state.watchers.values()) watcher.close();
    },
  };
}

function work(state: WatchState): Promise<void> {
  state.working = state.working.then(() => drain(state));
  return state.working;
}

async function drain(state: WatchState): Promise<void> {
  const { dirty, unsettled, options } = state;
  while (dirty.size > 0 && !state.isClosed) {
    const paths = [...dirty];
    dirty.clear();
    for (const path of paths) {
      await inspect(state, path).catch((error: Error) =>
        options.log(`storage: ${join(options.folder, path)}: ${error.message}`),
      );
    }
  }
  for (const path of unsettled) dirty.add(path);
  unsettled.clear();
  if (dirty.size > 0) schedule(state, Math.max(options.settleMs / 4, COALESCE_MS));
}

async function inspect(state: WatchState, path: string): Promise<void> {
  const { folder, settleMs, isKnown, onFile, onGone } = state.options;
  const stats = lstatSync(join(folder, path), { throwIfNoEntry: false });
  if (stats === undefined) {
    unwatch(state, path);
    // The name on the disk is no UTF-8, so nothing can open it by the one that it is listed under.
    if (path.includes('\ufffd')) state.options.log(`storage: left out ${path}: its name is not UTF-8`);
    onGone(path);
  } else if (isIgnored(path)) {
    return;
  } else if (stats.isDirectory()) {
    enterFolder(state, path);
  } else if (stats.isFile() && !isKnown(path, stats)) {
    const quietMs = Date.now() - Math.max(stats.mtimeMs, stats.ctimeMs);
    if (quietMs >= settleMs) await onFile(path);
    else state.unsettled.add(path);
  }
}

function enterFolder(state: WatchState, path: string): void {
  watchOne(state, path);
  for (const entry of readdirSync(join(state.options.folder, path))) state.dirty.add(join(path, entry));
}

function watchOne(state: WatchState, path: string): void {
  const { options, watchers } = state;
  if (!options.isLive || watchers.has(path) || state.isClosed) return;
  const folder = join(options.folder, path);
  try {
    const watcher = watch(folder, (_, entry) => {
      state.dirty.add(entry === null ? path : join(path, entry));
      schedule(state, COALESCE_MS);
    });
    watcher.on('error', () => unwatch(state, path));
    watchers.set(path, watcher);
  } catch (error) {
    options.log(`storage: not watching ${folder} (${(error as Error).message}); restart to take files in`);
  }
}

function unwatch({ watchers }: WatchState, path: string): void {
  watchers.get(path)?.close();
  watchers.delete(path);
}

function schedule(state: WatchState, ms: number): void {
  if (state.isClosed || state.timer !== undefined) return;
  state.timer = setTimeout(() => {
    state.timer = undefined;
    void work(state);
  }, ms);
}
