import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type JsonLines, openJsonLines, readJsonLines } from '../json-lines.ts';
import type { ObjectDraft, Settings, StoredObject } from './object.ts';
import { type ObjectPaths, objectPaths } from './object-paths.ts';
import { notFound } from './service-error.ts';
import { type SortedNames, sortedNames } from './sorted-names.ts';
import type { FileFacts, StagedFile } from './staging.ts';

/** A change of a bucket's metadata. */
type JournalEntry =
  /** `staged` names the file that is about to be renamed into place: a replay finishes the renaming. */
  | { readonly put: StoredObject; readonly staged?: string }
  | { readonly deleted: string }
  | { readonly acknowledged: string; readonly generation: string };

export interface BucketOptions {
  readonly name: string;
  readonly root: string;
  /** Folder of the journals. */
  readonly metaFolder: string;
  readonly stagingFolder: string;
  readonly now: () => number;
  /** A generation not used before. */
  readonly nextGeneration: () => string;
  readonly onFinalized: (object: StoredObject) => void;
  readonly onRemoved: (object: StoredObject) => void;
}

/**
 * One bucket: an index in memory, bytes in plain files, metadata in a journal. The functions below change it,
 * all of them synchronously: no other request comes between a check and its effect.
 */
export interface Bucket extends BucketOptions {
  readonly folder: string;
  readonly objects: Map<string, StoredObject>;
  /** The same objects by the path of their file. */
  readonly byPath: Map<string, StoredObject>;
  readonly names: SortedNames;
  readonly paths: ObjectPaths;
  readonly journal: JsonLines<JournalEntry>;
}

export function openBucket(options: BucketOptions): Bucket {
  const folder = join(options.root, options.name);
  mkdirSync(folder, { recursive: true });
  const journalPath = join(options.metaFolder, `${options.name}.jsonl`);
  const objects = recoverObjects(journalPath, folder, options.stagingFolder);
  return {
    ...options,
    folder,
    objects,
    byPath: new Map(Array.from(objects.values(), (object) => [object.path, object])),
    names: sortedNames(objects.keys()),
    paths: objectPaths(folder),
    journal: openJsonLines<JournalEntry>(
      journalPath,
      Array.from(objects.values(), (put) => ({ put })),
    ),
  };
}

/** Replays the journal, and finishes a renaming that a crash cut short. */
function recoverObjects(path: string, folder: string, stagingFolder: string): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>();
  for (const { put: object, staged } of replayed(readJsonLines<JournalEntry>(path)).values()) {
    const target = join(folder, object.path);
    if (staged !== undefined && existsSync(join(stagingFolder, staged))) {
      mkdirSync(dirname(target), { recursive: true });
      renameSync(join(stagingFolder, staged), target);
    }
    if (lstatSync(target, { throwIfNoEntry: false })?.isFile()) objects.set(object.name, object);
  }
  return objects;
}

type Put = Extract<JournalEntry, { put: unknown }>;

function replayed(entries: readonly JournalEntry[]): Map<string, Put> {
  const puts = new Map<string, Put>();
  for (const entry of entries) {
    if ('put' in entry) puts.set(entry.put.name, entry);
    else if ('deleted' in entry) puts.delete(entry.deleted);
    else {
      const found = puts.get(entry.acknowledged);
      if (found?.put.generation === entry.generation)
        puts.set(entry.acknowledged, { ...found, put: { ...found.put, pending: false } });
    }
  }
  return puts;
}

/** The live object of this name, or 404. */
export function requireLive(bucket: Bucket, name: string, generation?: string | null): StoredObject {
  const object = bucket.objects.get(name);
  if (object === undefined || (generation ?? object.generation) !== object.generation)
    throw notFound(`No such object: ${bucket.name}/${name}`);
  return object;
}

/**
 * Renames staged bytes into place as a new generation.
 *
 * @param check throws when the current object must not be replaced.
 */
export function putObject(
  bucket: Bucket,
  name: string,
  upload: { readonly staged: StagedFile; readonly draft: ObjectDraft },
  check: (current?: StoredObject) => void,
): StoredObject {
  const current = bucket.objects.get(name);
  check(current);
  const path = current?.path ?? bucket.paths.place(name, (taken) => bucket.byPath.has(taken));
  restoreFolder(bucket, path);
  const { id, ...facts } = upload.staged;
  const object = newObject(bucket, { name, path, ...facts, ...upload.draft });
  bucket.journal.append({ put: object, staged: id });
  try {
    renameSync(join(bucket.stagingFolder, id), join(bucket.folder, path));
  } catch (error) {
    bucket.journal.append(current === undefined ? { deleted: name } : { put: current });
    throw error;
  }
  return finalize(bucket, object);
}

/** Makes the folder of a file again when somebody deleted it by hand. */
function restoreFolder(bucket: Bucket, path: string): void {
  const parent = dirname(join(bucket.folder, path));
  if (existsSync(parent)) return;
  bucket.paths.forget();
  mkdirSync(parent, { recursive: true });
}

function newObject(
  { name: bucket, now, nextGeneration }: Bucket,
  parts: { readonly name: string; readonly path: string } & FileFacts & ObjectDraft,
): StoredObject {
  const nowMs = now();
  return {
    bucket,
    ...parts,
    sizeBytes: parts.fingerprint.sizeBytes,
    generation: nextGeneration(),
    metageneration: 1,
    createdMs: nowMs,
    updatedMs: nowMs,
    pending: true,
  };
}

function finalize(bucket: Bucket, object: StoredObject): StoredObject {
  keep(bucket, object);
  bucket.onFinalized(object);
  return object;
}

function keep({ objects, byPath, names }: Bucket, object: StoredObject): void {
  if (!objects.has(object.name)) names.add(object.name);
  objects.set(object.name, object);
  byPath.set(object.path, object);
}

function drop({ objects, byPath, names }: Bucket, object: StoredObject): void {
  objects.delete(object.name);
  byPath.delete(object.path);
  names.delete(object.name);
}

export function patchObject(bucket: Bucket, object: StoredObject, draft: ObjectDraft): StoredObject {
  const { settings, metadata } = draft;
  const metageneration = object.metageneration + 1;
  const patched = { ...object, settings, metadata, metageneration, updatedMs: bucket.now() };
  bucket.journal.append({ put: patched });
  keep(bucket, patched);
  return patched;
}

export function removeObject(bucket: Bucket, object: StoredObject): void {
  if (bucket.objects.get(object.name)?.generation !== object.generation) return;
  bucket.journal.append({ deleted: object.name });
  rmSync(join(bucket.folder, object.path), { force: true });
  drop(bucket, object);
  bucket.onRemoved(object);
}

type HandFile = FileFacts & { readonly name: string; readonly path: string; readonly settings: Settings };

/** Takes a file that somebody put into the folder for an upload. */
export function adoptFile(bucket: Bucket, file: HandFile): StoredObject {
  const current = bucket.byPath.get(file.path) ?? bucket.objects.get(file.name);
  if (current !== undefined && current.path !== file.path) {
    rmSync(join(bucket.folder, current.path), { force: true });
    drop(bucket, current);
  }
  const object = newObject(bucket, { ...file, name: current?.name ?? file.name, metadata: {} });
  bucket.journal.append({ put: object });
  return finalize(bucket, object);
}

/** Notes the new times of a file whose bytes are those of its object; `undefined` when they are others. */
export function refreshFile(bucket: Bucket, file: HandFile): StoredObject | undefined {
  const current = bucket.byPath.get(file.path);
  if (current === undefined || !hasSameBytes(current, file)) return undefined;
  const refreshed = { ...current, fingerprint: file.fingerprint };
  bucket.journal.append({ put: refreshed });
  keep(bucket, refreshed);
  return refreshed;
}

const hasSameBytes = (object: StoredObject, file: FileFacts): boolean =>
  object.sizeBytes === file.fingerprint.sizeBytes && object.crc32c === file.crc32c;

/** Notes that the event of this generation has arrived. */
export function acknowledge(bucket: Bucket, { name, generation }: StoredObject): void {
  const object = bucket.objects.get(name);
  if (object?.generation !== generation || !object.pending) return;
  bucket.journal.append({ acknowledged: name, generation });
  keep(bucket, { ...object, pending: false });
}
