import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, type Stats } from 'node:fs';
import { extname, join } from 'node:path';
import type { Bucket, FoundFile } from './bucket.ts';
import { crc32c, encodeCrc32c } from './crc32c.ts';
import { type FolderWatch, watchFolder } from './folder-watch.ts';
import { requireObjectName } from './object-paths.ts';
import type { Fingerprint } from './stored-object.ts';

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

const fingerprintOf = ({ size, mtimeMs }: Stats): Fingerprint => ({ sizeBytes: size, mtimeMs });
const isSame = (a: Fingerprint, b: Fingerprint): boolean =>
  a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;

export interface HandUploadOptions {
  readonly settleMs: number;
  readonly isLive: boolean;
  readonly log: (message: string) => void;
}

/** Takes what people do by hand in a bucket's folder for uploads and deletions. */
export function followHand(bucket: Bucket, { settleMs, isLive, log }: HandUploadOptions): FolderWatch {
  const watched = watchFolder({
    folder: bucket.folder,
    settleMs,
    isLive,
    log,
    isKnown: (path, stats) => {
      const object = bucket.getByPath(path);
      return object !== undefined && isSame(object.fingerprint, fingerprintOf(stats));
    },
    onFile: async (path) => {
      const file = await readFoundFile(bucket.folder, path);
      // Still being written: the write is an event of its own.
      if (file === undefined) return;
      const contentType = CONTENT_TYPES[extname(path).toLowerCase()];
      bucket.adopt(requireObjectName(path), file, contentType === undefined ? {} : { contentType });
    },
    onGone: (path) => {
      const gone = bucket.getByPath(path);
      const inside = [...bucket.objects()].filter((object) => object.path.startsWith(`${path}/`));
      for (const object of gone === undefined ? inside : [gone, ...inside]) bucket.remove(object);
    },
  });
  return watched;
}

/** Checksums of a file, or `undefined` when it changed while it was read. */
async function readFoundFile(folder: string, path: string): Promise<FoundFile | undefined> {
  const place = join(folder, path);
  const fingerprint = fingerprintOf(lstatSync(place));
  const md5 = createHash('md5');
  let crc = 0;
  for await (const chunk of createReadStream(place)) {
    md5.update(chunk);
    crc = crc32c(chunk, crc);
  }
  const after = lstatSync(place, { throwIfNoEntry: false });
  if (after === undefined || !isSame(fingerprint, fingerprintOf(after))) return undefined;
  return { path, fingerprint, crc32c: encodeCrc32c(crc), md5Hash: md5.digest('base64') };
}
