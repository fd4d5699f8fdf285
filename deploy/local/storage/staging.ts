import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32cBase64 } from '../../../lib/storage/crc32c.ts';
import type { Fingerprint, StoredObject } from './object.ts';

/** The bytes of a file, as the service describes them. */
export interface FileFacts {
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly fingerprint: Fingerprint;
}

/** Bytes received whole, under a name of their own in the staging folder. */
export interface StagedFile extends FileFacts {
  readonly id: string;
}

export const fingerprintOf = (stats: { readonly size: number; readonly mtimeMs: number }): Fingerprint => ({
  sizeBytes: stats.size,
  mtimeMs: stats.mtimeMs,
});

export const isSameFile = (a: Fingerprint, b: Fingerprint): boolean =>
  a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;

/** Base64 checksums of a file's bytes. */
export const checksumsOf = (bytes: Uint8Array): Pick<FileFacts, 'crc32c' | 'md5Hash'> => ({
  crc32c: crc32cBase64(bytes),
  md5Hash: createHash('md5').update(bytes).digest('base64'),
});

/** A file being received. Writes are synchronous: chunks stay in order, and speed does not matter here. */
export interface StagingWriter {
  readonly sizeBytes: number;
  append(chunk: Uint8Array): void;
  finish(): StagedFile;
  discard(): void;
}

/** The folder of uploads that are not yet objects. */
export interface Staging {
  open(): StagingWriter;
  copy(source: StoredObject, sourcePath: string): StagedFile;
  discard(staged: StagedFile): void;
}

export function openStaging(folder: string): Staging {
  mkdirSync(folder, { recursive: true });
  return {
    open: () => stagingWriter(folder),
    copy: ({ crc32c, md5Hash }, sourcePath) => {
      const id = randomUUID();
      const path = join(folder, id);
      copyFileSync(sourcePath, path);
      return { id, crc32c, md5Hash, fingerprint: fingerprintOf(statSync(path)) };
    },
    discard: ({ id }) => rmSync(join(folder, id), { force: true }),
  };
}

function stagingWriter(folder: string): StagingWriter {
  const id = randomUUID();
  const path = join(folder, id);
  const file = openSync(path, 'wx');
  let sizeBytes = 0;
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    append: (chunk) => {
      for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written);
      sizeBytes += chunk.length;
    },
    finish: () => {
      close();
      return { id, ...checksumsOf(readFileSync(path)), fingerprint: fingerprintOf(statSync(path)) };
    },
    discard: () => {
      close();
      rmSync(path, { force: true });
    },
  };
}
