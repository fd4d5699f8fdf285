import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs work with the path of a file that holds this profile; the file is there until the work is done. */
export type WithProfileFile = <T>(icc: Uint8Array, work: (path: string) => Promise<T>) => Promise<T>;

/** How much stays for the next pictures; what is in use is not counted. */
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
 * libvips reads output profiles from files only. The last used ones stay, within `most`: temporary folders are
 * memory on Cloud Run, and a profile may have any size. A file that cannot be written leaves nothing behind.
 */
export function profileFiles(most: Allowance): WithProfileFile {
  /** By checksum, the one used longest ago first. */
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

/** Takes the idle files out that are too many or too large together, those used longest ago first. */
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

/** A folder that only this user may enter (0700) and whose name nobody can foresee, with the profile in it. */
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
  // What cannot be removed now is no fault of the picture: the end of the process tries once more.
  await rm(folder, { recursive: true, force: true }).then(
    () => folders.delete(folder),
    () => {},
  );
  if (folders.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
