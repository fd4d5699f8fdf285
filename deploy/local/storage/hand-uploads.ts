import { lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { adoptFile, type Bucket, refreshFile, removeObject } from './bucket.ts';
import { type FolderWatch, type FolderWatchOptions, watchFolder } from './folder-watch.ts';
import type { StoredObject } from './object.ts';
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

/**
 * Treats files that people put into a bucket's folder as uploads, and files they delete as deletions.
 *
 * The same bytes put there again are an upload, as they would be in the cloud. What the first scan finds with
 * the bytes of its object is none: somebody moved or restored the folder while no emulator ran.
 */
export function followHand(
  bucket: Bucket,
  options: Pick<FolderWatchOptions, 'settleMs' | 'isLive' | 'log'>,
): FolderWatch {
  // File managers keep the time of a file they copy: only a new file in the place of the old one tells.
  const births = new WeakMap<StoredObject, number>();
  let isFirstScan = true;
  const watch = watchFolder({
    ...options,
    folder: bucket.folder,
    isKnown: (path, stats) => {
      const object = bucket.byPath.get(path);
      if (object === undefined || !isSameFile(object.fingerprint, fingerprintOf(stats))) return false;
      const birth = births.get(object) ?? stats.birthtimeMs;
      births.set(object, birth);
      return birth === stats.birthtimeMs;
    },
    onFile: async (path) => {
      const file = await readUnchanged(join(bucket.folder, path));
      // Still being written: the write is an event of its own.
      if (file === undefined) return;
      const { bornMs, ...facts } = file;
      const contentType = CONTENT_TYPES[extname(path).toLowerCase()];
      const settings = contentType === undefined ? {} : { contentType };
      const found = { name: requireObjectName(path), path, settings, ...facts };
      const object = (isFirstScan ? refreshFile(bucket, found) : undefined) ?? adoptFile(bucket, found);
      births.set(object, bornMs);
    },
    onGone: (path) => {
      const gone = [...bucket.objects.values()].filter(
        (object) => object.path === path || object.path.startsWith(`${path}/`),
      );
      for (const object of gone) removeObject(bucket, object);
    },
  });
  return {
    ...watch,
    scan: async () => {
      await watch.scan();
      isFirstScan = false;
    },
  };
}

/** Checksums of a file, or `undefined` when it changed while it was read. */
async function readUnchanged(file: string): Promise<(FileFacts & { readonly bornMs: number }) | undefined> {
  const before = lstatSync(file);
  const fingerprint = fingerprintOf(before);
  const checksums = checksumsOf(await readFile(file));
  const after = lstatSync(file, { throwIfNoEntry: false });
  if (after === undefined || !isSameFile(fingerprint, fingerprintOf(after))) return undefined;
  return { ...checksums, fingerprint, bornMs: before.birthtimeMs };
}
