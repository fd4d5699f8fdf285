import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type File, Storage } from '@google-cloud/storage';
import { onTestFinished, vi } from 'vitest';
import type { StorageEmulatorOptions } from '../../../../deploy/local/storage/emulator.ts';
import { type FaultyStorage, startFaultyStorage } from '../../../support/faulty-storage.ts';

/** A file is whole after this long in tests; people's copies take longer. */
const SETTLE_MS = 40;

export async function temporaryRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'storage-emulator-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

export async function startEmulator(options: Partial<StorageEmulatorOptions> = {}): Promise<FaultyStorage> {
  const emulator = await startFaultyStorage({
    root: options.root ?? (await temporaryRoot()),
    buckets: ['input', 'output', 'control'],
    watch: false,
    settleMs: SETTLE_MS,
    ...options,
  });
  onTestFinished(() => emulator.close().catch(() => undefined));
  return emulator;
}

/** Google's client without repeats: a test sees each answer. */
export const clientOf = (apiEndpoint: string): Storage =>
  new Storage({ apiEndpoint, projectId: 'local', retryOptions: { autoRetry: false } });

export const fileAt = (url: string, name: string, bucket = 'input', generation?: string): File =>
  clientOf(url)
    .bucket(bucket)
    .file(name, generation === undefined ? {} : { generation });

/** Options of an upload in one request that replaces nothing. */
export const createOnly = {
  resumable: false,
  validation: false,
  preconditionOpts: { ifGenerationMatch: 0 },
} as const;

/** The status a failed call of the client carries, or the code of a broken connection. */
export const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'no failure',
    (error: { code?: unknown }) => error.code,
  );

/** Tries until `check` does not throw: for what the file system announces in its own time. */
export const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 5_000, interval: 10 });
