import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from './service-error.ts';

/** Limit of Cloud Storage. @see https://cloud.google.com/storage/docs/objects#naming */
const MAX_NAME_BYTES = 1024;
/** File systems allow 255; the rest is room for the marks added here. */
const MAX_SEGMENT_BYTES = 200;
const TAKEN_MARK = '%';

export function requireObjectName(name: string): string {
  const isValid =
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES &&
    !/[\r\n]/.test(name);
  if (!isValid)
    throw invalid('Invalid object name: expected 1 to 1024 bytes of UTF-8 without line breaks, not . or ..');
  return name;
}

const percent = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/**
 * Turns one segment of an object name into a safe file name: not empty, without a dot in front (so neither
 * `.` nor `..`), without characters that file systems treat as syntax, and not too long.
 */
function segmentToFileName(segment: string): string {
  if (segment === '') return '%2F';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
  const safe = segment.replace(/[%\\:*?"<>|\u0000-\u001f\u007f]/g, percent).replace(/^\./, '%2E');
  if (Buffer.byteLength(safe) <= MAX_SEGMENT_BYTES) return safe;
  const digest = createHash('sha256').update(segment).digest('hex').slice(0, 16);
  return `${safe.slice(0, MAX_SEGMENT_BYTES / 4)}${TAKEN_MARK}${digest}`;
}

/** Chooses the files of new objects: their own names, wherever the file system allows them. */
export interface ObjectPaths {
  /**
   * A path relative to the bucket's folder, whose parent folders are made. `isTaken`: another object has it.
   */
  place(name: string, isTaken: (path: string) => boolean): string;
  /** Forgets which folders exist, after one of them vanished. */
  forget(): void;
}

/**
 * A bucket may hold `photo.jpg` and `photo.jpg/1.jpg`, a disk cannot: the second one gets a `%` before the
 * part of its name that is taken.
 */
export function objectPaths(root: string): ObjectPaths {
  const known = new Map<string, string>();

  const makeFolder = (parent: string, fileName: string): string => {
    const path = join(parent, fileName);
    try {
      mkdirSync(join(root, path), { recursive: parent === '' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const isFolder = lstatSync(join(root, path)).isDirectory();
    return isFolder ? path : makeFolder(parent, TAKEN_MARK + fileName);
  };

  const folderOf = (segments: readonly string[]): string => {
    if (segments.length === 0) return '';
    const key = segments.join('/');
    const found = known.get(key) ?? makeFolder(folderOf(segments.slice(0, -1)), segments.at(-1) ?? '');
    known.set(key, found);
    return found;
  };

  const fileIn = (folder: string, fileName: string, isTaken: (path: string) => boolean): string => {
    const path = join(folder, fileName);
    const isFree = !isTaken(path) && !lstatSync(join(root, path), { throwIfNoEntry: false })?.isDirectory();
    return isFree ? path : fileIn(folder, TAKEN_MARK + fileName, isTaken);
  };

  return {
    place: (name, isTaken) => {
      const segments = name.split('/').map(segmentToFileName);
      const fileName = segments.pop() ?? '';
      return fileIn(folderOf(segments), fileName, isTaken);
    },
    forget: () => known.clear(),
  };
}
