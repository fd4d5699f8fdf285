import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EditError } from '../../../lib/errors.ts';

/** Folder of the emulator's own files, below the root of the buckets. */
export const metaFolder = '.meta';

interface Holder {
  readonly pid: number;
  /** What tells a process from a later one of the same number; empty where the system does not say. */
  readonly started: string;
  readonly url: string;
}

/** A folder held by this process until `release`. A process that ended without it holds nothing any more. */
export interface FolderLock {
  release(): void;
}

/** A killed process stays visible until the system has taken its memory back. */
const dyingMs = 1000;
const lookMs = 100;

/**
 * Takes a folder for this process: two emulators on one would each take the other's writes for files put in
 * by hand.
 *
 * @param url the address of this process; `release` knows its own lock by it.
 * @throws {EditError} `CONFIG_INVALID` naming the process that holds the folder.
 */
export async function lockFolder(folder: string, url: string): Promise<FolderLock> {
  const holder: Holder = { pid: process.pid, started: factsOf(process.pid)[1], url };
  const path = join(folder, metaFolder, 'lock');
  mkdirSync(dirname(path), { recursive: true });
  if (!created(path, holder)) {
    const other = holderIn(path);
    if (other !== undefined && !(await ends(other))) throw inUse(folder, other);
    rmSync(path, { force: true });
    if (!created(path, holder)) throw inUse(folder, holderIn(path));
  }
  return {
    release: () => {
      if (holderIn(path)?.url === url) rmSync(path, { force: true });
    },
  };
}

function created(path: string, holder: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** `undefined` without a lock file, or with one that its process died over. */
function holderIn(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function ends(other: Holder): Promise<boolean> {
  for (let waitedMs = 0; isRunning(other); waitedMs += lookMs) {
    if (waitedMs >= dyingMs) return false;
    await sleep(lookMs);
  }
  return true;
}

function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const [state, startedNow] = factsOf(pid);
  // A zombie (Z) has ended; its parent may never collect it.
  return state !== 'Z' && started === startedNow;
}

/**
 * Fields 3 (state) and 22 (start, ticks since boot) of `/proc/{pid}/stat`; empty without one.
 * @see proc_pid_stat(5)
 */
function factsOf(pid: number): readonly [state: string, started: string] {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
    const fields = afterName.split(' ');
    return [fields[0] ?? '', fields[19] ?? ''];
  } catch {
    return ['', ''];
  }
}

function inUse(folder: string, other: Holder | undefined): EditError {
  const who = other === undefined ? '' : ` (process ${other.pid})`;
  return new EditError('CONFIG_INVALID', `${folder} is in use by another npm start${who}. Stop it first.`);
}
