import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface DemoPair {
  readonly photo: Uint8Array;
  readonly mask: Uint8Array;
}

const folder = join(import.meta.dirname, 'demo');

/** An antelope in a savanna, and a mask of it, both PNG (NOTICE says where they come from). */
export async function demoPair(): Promise<DemoPair> {
  const [photo, mask] = await Promise.all([
    readFile(join(folder, 'antelope.png')),
    readFile(join(folder, 'antelope.mask.png')),
  ]);
  return { photo, mask };
}
