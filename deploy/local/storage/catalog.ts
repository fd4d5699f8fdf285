import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bucket, openBucket } from './bucket.ts';
import { metaFolder } from './folder-lock.ts';
import { invalid, notFound, ServiceError } from './service-error.ts';
import { openStaging, type Staging } from './staging.ts';
import type { StoredObject } from './stored-object.ts';

/** @see https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET_NAME = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;
const MICROSECONDS_PER_MS = 1000;

/** Every bucket under one root folder. */
export interface Catalog {
  readonly staging: Staging;
  bucket(name: string): Bucket;
  buckets(): Iterable<Bucket>;
  createBucket(name: string): Bucket;
  close(): void;
}

export interface CatalogOptions {
  readonly root: string;
  readonly buckets: readonly string[];
  readonly now: () => number;
  readonly onFinalized: (object: StoredObject) => void;
  readonly onBucket: (bucket: Bucket) => void;
}

export function openCatalog(options: CatalogOptions): Catalog {
  const { root, now } = options;
  const ownFolder = join(root, metaFolder);
  const stagingFolder = join(ownFolder, 'staged');
  mkdirSync(stagingFolder, { recursive: true });
  const opened = new Map<string, Bucket>();

  let lastGeneration = 0;
  const nextGeneration = (): string => {
    lastGeneration = Math.max(lastGeneration + 1, Math.floor(now() * MICROSECONDS_PER_MS));
    return String(lastGeneration);
  };

  const open = (name: string): Bucket => {
    if (!BUCKET_NAME.test(name)) throw invalid(`Invalid bucket name: '${name}'`);
    const { onFinalized } = options;
    const bucket = openBucket({
      name,
      root,
      metaFolder: ownFolder,
      stagingFolder,
      now,
      nextGeneration,
      onFinalized,
    });
    for (const { generation } of bucket.objects())
      lastGeneration = Math.max(lastGeneration, Number(generation));
    opened.set(name, bucket);
    options.onBucket(bucket);
    return bucket;
  };

  const onDisk = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && BUCKET_NAME.test(entry.name))
    .map((entry) => entry.name);
  for (const name of new Set([...options.buckets, ...onDisk])) open(name);
  // Whatever the journals did not claim is an upload that was never completed.
  rmSync(stagingFolder, { recursive: true, force: true });

  return {
    staging: openStaging(stagingFolder),
    bucket: (name) => {
      const bucket = opened.get(name);
      if (bucket === undefined) throw notFound('The specified bucket does not exist.');
      return bucket;
    },
    buckets: () => opened.values(),
    createBucket: (name) => {
      if (opened.has(name)) {
        throw new ServiceError(
          409,
          'conflict',
          'Your previous request to create the named bucket succeeded and you already own it.',
        );
      }
      return open(name);
    },
    close: () => {
      for (const bucket of opened.values()) bucket.close();
    },
  };
}
