import { lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { adoptFile, type Bucket, removeObject } from './bucket.ts';
import { type FolderWatch, type FolderWatchOptions, watchFolder } from './folder-watch.ts';
import { requireObjectName } from './object-paths.ts';
import { checksumsOf, type FileFacts, fingerprintOf, isSameFile } from './staging.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.heic': 'image/heic',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.png': 'image/png',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
};

/** Treats files that people put into a bucket's folder as uploads, and files they delete as deletions. */
export function followHand(
  bucket: Bucket,
  options: Pick<FolderWatchOptions, 'settleMs' | 'isLive' | 'log'>,
): FolderWatch {
  return watchFolder({
    ...options,
    folder: bucket.folder,
    isKnown: (path, stats) => {
      const object = bucket.byPath.get(path);
      return object !== undefined && isSameFile(object.fingerprint, fingerprintOf(stats));
    },
    onFile: async (path) => {
      const file = await readUnchanged(join(bucket.folder, path));
      // Still being written: the write is an event of its own.
      if (file === undefined) return;
      const contentType = CONTENT_TYPES[extname(path).toLowerCase()];
      const settings = contentType === undefined ? {} : { contentType };
      adoptFile(bucket, { name: requireObjectName(path), path, settings, ...file });
    },
    onGone: (path) => {
      const gone = [...bucket.objects.values()].filter(
        (object) => object.path === path || object.path.startsWith(`${path}/`),
      );
      for (const object of gone) removeObject(bucket, object);
    },
  });
}

/** Checksums of a file, or `undefined` when it changed while it was read. */
async function readUnchanged(file: string): Promise<FileFacts | undefined> {
  const fingerprint = fingerprintOf(lstatSync(file));
  const checksums = checksumsOf(await readFile(file));
  const after = lstatSync(file, { throwIfNoEntry: false });
  if (after === undefined || !isSameFile(fingerprint, fingerprintOf(after))) return undefined;
  return { ...checksums, fingerprint };
}
