import { existsSync, realpathSync } from 'node:fs';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { UsageError } from './arguments.ts';
import type { Pair, Target } from './pairs.ts';

/** `out.jpg` for the first result of an exact path, `out.2.jpg` for the second. */
export function outputPath(target: Exclude<Target, '-'>, index: number, extension: string): string {
  const { path, isExact } = target;
  const number = index === 1 ? '' : `.${index}`;
  if (!isExact) return `${path}${number}.${extension}`;
  const own = extname(path);
  return `${path.slice(0, path.length - own.length)}${number}${own}`;
}

/**
 * Refuses what would be lost, before anything is done. The extension of a result is known only afterwards,
 * where no exact path is given.
 *
 * @throws {UsageError}
 */
export function assertFree({ image, mask, keep, target }: Pair, mayOverwrite: boolean): void {
  if (target === '-') return;
  const path = target.isExact ? target.path : `${target.path}${extname(image)}`;
  if (!existsSync(path)) return;
  const real = realpathSync(path);
  const inputs = [image, mask, keep].filter((file) => file !== undefined).map((file) => realpathSync(file));
  if (inputs.includes(real)) throw new UsageError(`Expected another output than an input, got ${path}`);
  if (!mayOverwrite) throw new UsageError(`Expected no file ${path}, found one; --force replaces it`);
}

/**
 * Writes a file as a whole or not at all: beside its place, to the disk, and then under its name.
 *
 * @throws {UsageError} when the file exists and may not be replaced.
 */
export async function writeWhole(path: string, bytes: Uint8Array, mayOverwrite: boolean): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const beside = join(folder, `.${basename(path)}.${process.pid}.part`);
  try {
    const file = await open(beside, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mayOverwrite) await rename(beside, path);
    // Unlike a rename, a link never replaces a file that came in between.
    else await link(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`Expected no file ${path}, found one; --force replaces it`);
  } finally {
    await rm(beside, { force: true });
  }
}
