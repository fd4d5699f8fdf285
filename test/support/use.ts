import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { type LocalSystemOptions, startLocalSystem } from '../../deploy/local/system.ts';
import { type FaultyModelOptions, startFaultyModel } from './faulty-model.ts';
import { silentLog } from './job-world.ts';

/** A model emulator for the tests of a file: well-behaved at the start of each, closed behind the last. */
export async function useFaultyModel(options?: FaultyModelOptions) {
  const model = await startFaultyModel(options);
  afterEach(() => model.reset());
  afterAll(() => model.close());
  return model;
}

/** A folder for the tests of a file. */
export async function useFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A local system over a folder of its own, for the tests of a file. */
export async function useLocalSystem(options: Partial<LocalSystemOptions> = {}) {
  const root = await useFolder();
  const system = await startLocalSystem({ root, port: 0, storagePort: 0, log: silentLog, ...options });
  afterAll(() => system.close());
  return { root, system };
}
