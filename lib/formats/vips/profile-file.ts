import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folders in use. */
const folders = new Set<string>();

/**
 * Runs work with the path of a file that holds the profile: libvips reads output profiles from files only.
 * Only this user may enter its folder (0700). The folder is removed after the work, or when the process exits
 * before: on Cloud Run temporary folders are memory.
 */
export async function withProfileFile<T>(icc: Uint8Array, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'icc-'));
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  try {
    const path = join(folder, 'profile.icc');
    await writeFile(path, icc);
    return await work(path);
  } finally {
    await remove(folder);
  }
}

async function remove(folder: string): Promise<void> {
  // A folder that cannot be removed is no fault of the picture. The exit handler tries again.
  await rm(folder, { recursive: true, force: true }).then(
    () => folders.delete(folder),
    () => {},
  );
  if (folders.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
