import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Journal, openJournal, replayJournal } from './journal.ts';
import { objectPaths } from './object-paths.ts';
import { notFound } from './service-error.ts';
import { type SortedNames, sortedNames } from './sorted-names.ts';
import type { StagedFile } from './staging.ts';
import type { Fingerprint, Settings, StoredObject } from './stored-object.ts';

/** What the sender of an object says about it. */
export interface ObjectDraft {
  readonly settings: Settings;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file somebody put into the folder by hand. */
export interface FoundFile {
  readonly path: string;
  readonly fingerprint: Fingerprint;
  readonly crc32c: string;
  readonly md5Hash: string;
}

/** One bucket: an index in memory, bytes as plain files, metadata in a journal. All changes are synchronous. */
export interface Bucket {
  readonly name: string;
  readonly folder: string;
  readonly names: SortedNames;
  get(name: string): StoredObject | undefined;
  getByPath(path: string): StoredObject | undefined;
  objects(): Iterable<StoredObject>;
  /** Renames staged bytes into place as a new generation, if `check` lets the current one be replaced. */
  put(
    name: string,
    staged: StagedFile,
    draft: ObjectDraft,
    check: (current?: StoredObject) => void,
  ): StoredObject;
  patch(object: StoredObject, draft: ObjectDraft): StoredObject;
  remove(object: StoredObject): void;
  /** Takes a hand-made file for an upload; `undefined` when the bytes are those already known. */
  adopt(name: string, file: FoundFile, settings: Settings): StoredObject | undefined;
  acknowledge(object: StoredObject): void;
  close(): void;
}

export interface BucketOptions {
  readonly name: string;
  readonly root: string;
  /** Where journals and staged files are. */
  readonly metaFolder: string;
  readonly stagingFolder: string;
  readonly now: () => number;
  /** A generation not used before. */
  readonly nextGeneration: () => string;
  readonly onFinalized: (object: StoredObject) => void;
}

export function openBucket(options: BucketOptions): Bucket {
  const { name: bucket, now, stagingFolder } = options;
  const folder = join(options.root, bucket);
  mkdirSync(folder, { recursive: true });
  const journalPath = join(options.metaFolder, `${bucket}.jsonl`);
  const objects = recover(journalPath, folder, stagingFolder);
  const journal: Journal = openJournal(journalPath, objects.values());
  const names = sortedNames(objects.keys());
  const byPath = new Map([...objects.values()].map((object) => [object.path, object]));
  const paths = objectPaths(folder);

  const keep = (object: StoredObject): StoredObject => {
    if (!objects.has(object.name)) names.add(object.name);
    objects.set(object.name, object);
    byPath.set(object.path, object);
    return object;
  };
  const drop = (object: StoredObject): void => {
    objects.delete(object.name);
    byPath.delete(object.path);
    names.delete(object.name);
  };
  const create = (
    parts: Pick<StoredObject, 'name' | 'path' | 'fingerprint' | 'crc32c' | 'md5Hash'> & ObjectDraft,
  ) => {
    const nowMs = now();
    const { sizeBytes } = parts.fingerprint;
    const born = {
      generation: options.nextGeneration(),
      metageneration: 1,
      createdMs: nowMs,
      updatedMs: nowMs,
    };
    return { bucket, ...parts, ...born, sizeBytes, pending: true } satisfies StoredObject;
  };
  const finalize = (object: StoredObject): StoredObject => {
    keep(object);
    options.onFinalized(object);
    return object;
  };
  const pathFor = (name: string, current: StoredObject | undefined): string => {
    const path = current?.path ?? paths.place(name, (taken) => byPath.has(taken));
    const parent = dirname(join(folder, path));
    if (existsSync(parent)) return path;
    // Somebody deleted the folder by hand.
    paths.forget();
    mkdirSync(parent, { recursive: true });
    return path;
  };
  const moveInto = (staged: StagedFile, object: StoredObject, current: StoredObject | undefined): void => {
    try {
      renameSync(join(stagingFolder, staged.id), join(folder, object.path));
    } catch (error) {
      journal.append(current === undefined ? { deleted: object.name } : { put: current });
      throw error;
    }
  };

  return {
    name: bucket,
    folder,
    names,
    get: (name) => objects.get(name),
    getByPath: (path) => byPath.get(path),
    objects: () => objects.values(),
    put: (name, staged, draft, check) => {
      const current = objects.get(name);
      check(current);
      const path = pathFor(name, current);
      const { fingerprint, crc32c, md5Hash } = staged;
      const object = create({ name, path, fingerprint, crc32c, md5Hash, ...draft });
      journal.append({ put: object, staged: staged.id });
      moveInto(staged, object, current);
      return finalize(object);
    },
    patch: (object, draft) => {
      const patched = { ...object, ...draft, metageneration: object.metageneration + 1, updatedMs: now() };
      journal.append({ put: patched });
      return keep(patched);
    },
    remove: (object) => {
      if (objects.get(object.name)?.generation !== object.generation) return;
      journal.append({ deleted: object.name });
      rmSync(join(folder, object.path), { force: true });
      drop(object);
    },
    adopt: (name, file, settings) => {
      const current = byPath.get(file.path) ?? objects.get(name);
      if (current?.path === file.path && isSame(current, file)) {
        const refreshed = { ...current, fingerprint: file.fingerprint };
        journal.append({ put: refreshed });
        keep(refreshed);
        return undefined;
      }
      if (current !== undefined && current.path !== file.path) {
        rmSync(join(folder, current.path), { force: true });
        drop(current);
      }
      const object = create({ name: current?.name ?? name, ...file, settings, metadata: {} });
      journal.append({ put: object });
      return finalize(object);
    },
    acknowledge: ({ name, generation }) => {
      const object = objects.get(name);
      if (object?.generation !== generation || !object.pending) return;
      journal.append({ acknowledged: name, generation });
      keep({ ...object, pending: false });
    },
    close: () => journal.close(),
  };
}

const isSame = (object: StoredObject, file: FoundFile): boolean =>
  object.sizeBytes === file.fingerprint.sizeBytes && object.crc32c === file.crc32c;

/** Replays the journal, and finishes a renaming that a crash cut short. */
function recover(journalPath: string, folder: string, stagingFolder: string): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>();
  for (const { object, staged } of replayJournal(journalPath).values()) {
    const target = join(folder, object.path);
    if (staged !== undefined && existsSync(join(stagingFolder, staged))) {
      mkdirSync(dirname(target), { recursive: true });
      renameSync(join(stagingFolder, staged), target);
    }
    if (lstatSync(target, { throwIfNoEntry: false })?.isFile()) objects.set(object.name, object);
  }
  return objects;
}

/** The live object of this name, or 404. */
export function requireLive(bucket: Bucket, name: string): StoredObject {
  const object = bucket.get(name);
  if (object === undefined) throw notFound(`No such object: ${bucket.name}/${name}`);
  return object;
}
