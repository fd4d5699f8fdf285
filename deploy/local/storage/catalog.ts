import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bucket, type BucketOptions, openBucket } from './bucket.ts';
import { metaFolder } from './folder-lock.ts';
import type { StoredObject } from './object.ts';
import { notFound } from './service-error.ts';
import { openStaging, type Staging } from './staging.ts';

/** @see https://cloud.google.com/storage/docs/buckets#naming */
const BUCKET_NAME = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;
const MICROSECONDS_PER_MS = 1000;

/** Every bucket under one root folder. */
export interface Catalog {
  readonly staging: Staging;
  /** @throws {ServiceError} 404 */
  bucket(name: string): Bucket;
  buckets(): Iterable<Bucket>;
  close(): void;
}

interface CatalogOptions {
  readonly root: string;
  readonly buckets: readonly string[];
  readonly now: () => number;
  readonly onFinalized: (object: StoredObject) => void;
  readonly onRemoved: (object: StoredObject) => void;
}

export function openCatalog(options: CatalogOptions): Catalog {
  const { root, now, onFinalized, onRemoved } = options;
  const ownFolder = join(root, metaFolder);
  const stagingFolder = join(ownFolder, 'staged');
  mkdirSync(stagingFolder, { recursive: true });
  const generations = generationsFrom(now);
  const opened = new Map<string, Bucket>();
  const shared: Omit<BucketOptions, 'name'> = {
    ...{ root, metaFolder: ownFolder, stagingFolder, now, onFinalized, onRemoved },
    nextGeneration: generations.next,
  };
  for (const name of new Set([...options.buckets, ...bucketsOnDisk(root)])) {
    const bucket = openBucket({ ...shared, name });
    for (const { generation } of bucket.objects.values()) generations.passOver(Number(generation));
    opened.set(name, bucket);
  }
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
    close: () => {
      for (const bucket of opened.values()) bucket.journal.close();
    },
  };
}

const bucketsOnDisk = (root: string): string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && BUCKET_NAME.test(entry.name))
    .map((entry) => entry.name);

/** Generations are microseconds since the epoch, as the service makes them, and never repeat. */
function generationsFrom(now: () => number) {
  let last = 0;
  return {
    passOver: (generation: number): void => {
      last = Math.max(last, generation);
    },
    next: (): string => {
      last = Math.max(last + 1, Math.floor(now() * MICROSECONDS_PER_MS));
      return String(last);
    },
  };
}
