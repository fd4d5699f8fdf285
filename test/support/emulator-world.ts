import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloudStorage } from '../../lib/storage/gcs.ts';
import { listAll, type ObjectInfo, type ObjectStore } from '../../lib/storage/store.ts';
import { type FaultyStorage, startFaultyStorage } from './faulty-storage.ts';

/** The storage emulator over a folder of its own, which it does not watch. */
export async function openEmulator(): Promise<FaultyStorage & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'jobs-'));
  const emulator = await startFaultyStorage({
    root,
    buckets: ['input', 'output', 'control'],
    watch: false,
  });
  return {
    ...emulator,
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The real client of one worker; it tries three times, almost without a pause. */
export const workerStore = (emulator: FaultyStorage, worker: string, attemptTimeoutMs = 5000): ObjectStore =>
  cloudStorage({
    apiEndpoint: emulator.workerUrl(worker),
    projectId: undefined,
    retry: { attemptTimeoutMs, backoffMs: [1, 1] },
  });

export const listed = (store: ObjectStore, bucket: string, prefix: string): Promise<ObjectInfo[]> =>
  listAll(store, bucket, prefix, undefined);

const encoder = new TextEncoder();

export async function drop(store: ObjectStore, name: string, text: string): Promise<ObjectInfo> {
  const id = { bucket: 'input', name };
  return (await store.create(id, encoder.encode(text), { contentType: 'application/octet-stream' })).info;
}

export async function textAt(store: ObjectStore, info: ObjectInfo): Promise<string> {
  return new TextDecoder().decode(await store.read(info, { maxBytes: 10_000 }));
}
