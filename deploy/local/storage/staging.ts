import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c, encodeCrc32c } from './crc32c.ts';
import type { Fingerprint, StoredObject } from './stored-object.ts';

/** Bytes received whole, waiting under a name of their own to be renamed into place. */
export interface StagedFile {
  readonly id: string;
  readonly sizeBytes: number;
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly fingerprint: Fingerprint;
}

/**
 * A file being received. Writes are synchronous: it is a development tool, and a plain order of events
 * is worth more here than overlap.
 */
export interface StagingWriter {
  readonly sizeBytes: number;
  append(chunk: Uint8Array): void;
  finish(): StagedFile;
  discard(): void;
}

export interface Staging {
  readonly folder: string;
  open(): StagingWriter;
  copy(source: StoredObject, sourcePath: string): StagedFile;
  discard(staged: StagedFile): void;
}

export function openStaging(folder: string): Staging {
  mkdirSync(folder, { recursive: true });
  return {
    folder,
    open: () => stagingWriter(folder),
    copy: (source, sourcePath) => {
      const id = randomUUID();
      const path = join(folder, id);
      copyFileSync(sourcePath, path);
      const { size: sizeBytes, mtimeMs } = statSync(path);
      const { crc32c, md5Hash } = source;
      return { id, sizeBytes, crc32c, md5Hash, fingerprint: { sizeBytes, mtimeMs } };
    },
    discard: (staged) => rmSync(join(folder, staged.id), { force: true }),
  };
}

function stagingWriter(folder: string): StagingWriter {
  const id = randomUUID();
  const path = join(folder, id);
  const file = openSync(path, 'wx');
  const md5 = createHash('md5');
  let crc = 0;
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
      md5.update(chunk);
      crc = crc32c(chunk, crc);
      sizeBytes += chunk.length;
    },
    finish: () => {
      const { mtimeMs } = fstatSync(file);
      close();
      const fingerprint = { sizeBytes, mtimeMs };
      return { id, sizeBytes, crc32c: encodeCrc32c(crc), md5Hash: md5.digest('base64'), fingerprint };
    },
    discard: () => {
      close();
      rmSync(path, { force: true });
    },
  };
}
