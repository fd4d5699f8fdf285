import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs work with the path of a file that holds the profile. The file exists until the work is done. */
export type WithProfileFile = <T>(icc: Uint8Array, work: (path: string) => Promise<T>) => Promise<T>;

/** Limits for files that wait for the next pictures. Files in use do not count. */
interface Allowance {
  readonly files: number;
  readonly bytes: number;
}

interface ProfileFile {
  readonly folder: Promise<string>;
  readonly bytes: number;
  users: number;
}

const fileName = 'profile.icc';

/**
 * Keeps the profiles that were used last as files, within `most`: libvips reads output profiles from files
 * only. Temporary folders are memory on Cloud Run, and a profile may have any size.
 */
export function profileFiles(most: Allowance): WithProfileFile {
  /** By checksum; the least recently used comes first. */
  const known = new Map<string, ProfileFile>();
  return async (icc, work) => {
    const key = createHash('sha256').update(icc).digest('hex');
    const file = known.get(key) ?? { folder: written(icc), bytes: icc.length, users: 0 };
    known.delete(key);
    known.set(key, file);
    file.users++;
    try {
      const folder = await file.folder.catch((error) => {
        if (known.get(key) === file) known.delete(key);
        throw error;
      });
      return await work(join(folder, fileName));
    } finally {
      file.users--;
      for (const surplus of takeSurplus(known, most)) await removed(await surplus.folder);
    }
  };
}

/** Removes idle files beyond the limits from the map, the least recently used first. */
function takeSurplus(known: Map<string, ProfileFile>, most: Allowance): ProfileFile[] {
  const idle = [...known].filter(([, { users }]) => users === 0);
  let bytes = idle.reduce((sum, [, file]) => sum + file.bytes, 0);
  const surplus: ProfileFile[] = [];
  for (const [i, [key, file]] of idle.entries()) {
    if (idle.length - i <= most.files && bytes <= most.bytes) break;
    known.delete(key);
    bytes -= file.bytes;
    surplus.push(file);
  }
  return surplus;
}

const folders = new Set<string>();

/** Writes the profile into a folder with an unguessable name that only this user may enter (0700). */
async function written(icc: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'icc-'));
  if (folders.size === 0) process.once('exit', removeAll);
  folders.add(folder);
  try {
    await writeFile(join(folder, fileName), icc);
    return folder;
  } catch (error) {
    await removed(folder);
    throw error;
  }
}

async function removed(folder: string): Promise<void> {
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
