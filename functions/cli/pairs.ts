import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { bestMask, isPicture, keepOf, readName } from '../../lib/jobs/inputs/names.ts';
import { shortList } from '../../lib/requests/schema.ts';
import { type CommandLine, UsageError } from './arguments.ts';

/** A photo to edit. */
export interface Pair {
  readonly image: string;
  /** `undefined`: the request says how the mask is found. */
  readonly mask: string | undefined;
  /** A mask of what is not to be copied. */
  readonly keep?: string | undefined;
  /** Where results go; the index and the extension are put in later. `-`: stdout. */
  readonly target: Target;
}

export type Target = { readonly path: string; readonly isExact: boolean } | '-';

interface Pairs {
  readonly pairs: readonly Pair[];
  /** Photos of the folder that are left out: their masks are missing. */
  readonly alone: readonly string[];
}

/**
 * The photos of a command line: one with its mask, or all in a folder, paired by the names that the input
 * bucket knows too.
 *
 * @param fields of the request: where they say how a mask is found, photos of a folder need none.
 * @throws {UsageError}
 */
export async function pairsOf(line: CommandLine, fields: CommandLine['fields']): Promise<Pairs> {
  const [first, second, ...more] = line.paths;
  if (first === undefined) throw new UsageError('Expected PHOTO MASK or FOLDER, got nothing; see --help');
  if (more.length > 0) throw new UsageError(`Expected PHOTO MASK or FOLDER, got ${line.paths.length} paths`);
  for (const path of [first, second, line.mask, line.keep])
    if (path !== undefined && !existsSync(path))
      throw new UsageError(`Expected a file or folder ${path}, found none`);
  if (!statSync(first).isDirectory()) {
    const target = targetOf(line, first, basename(first));
    return { pairs: [{ image: first, mask: second ?? line.mask, keep: line.keep, target }], alone: [] };
  }
  if (line.keep !== undefined) throw new UsageError('Expected one photo beside --keep, got a folder');
  if (second !== undefined) throw new UsageError('Expected a folder alone, got two paths; use --mask FILE');
  const { maskMode = 'user', only } = fields;
  const all = await photosIn(first, line);
  const pairs = all.filter(({ mask }) => mask !== undefined || maskMode !== 'user' || only === 'preview');
  const alone = all.filter((photo) => !pairs.includes(photo)).map(({ image }) => image);
  if (pairs.length > 0) return { pairs, alone };
  if (alone.length > 0) throw new UsageError(`Expected photos with masks in ${first}. ${leftOut(alone)}`);
  throw new UsageError(`Expected photos with masks in ${first}, found none`);
}

/** Says of photos without a mask that they are left out, and how they get one. */
export function leftOut(alone: readonly string[]): string {
  const [first = ''] = alone.map((image) => basename(image));
  const found = alone.length === 1 ? '1 photo without a mask is' : `${alone.length} photos without masks are`;
  return (
    `${found} left out: ${shortList(alone)}. Put ${stemOf(first)}.mask.png beside ${first}, give one mask ` +
    'for all with --mask FILE, or use --remove people.'
  );
}

async function photosIn(folder: string, line: CommandLine): Promise<readonly Pair[]> {
  const entries = await readdir(folder, { recursive: line.isRecursive, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    // A name without extension is no picture here: only buckets know content types.
    .map((name) => ({ name, contentType: 'application/octet-stream' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const used = new Set<string>();
  const photos = files.filter(isOriginal).map((image) => {
    const beside = files.filter(({ name }) => dirname(name) === dirname(image.name) && name !== image.name);
    const own = bestMask(image, beside);
    if (own !== undefined) used.add(own.name);
    const mask = own === undefined ? line.mask : join(folder, own.name);
    const kept = keepOf(image, beside);
    return { image, mask, keep: kept && join(folder, kept.name) };
  });
  return photos
    .filter(({ image, mask }) => !used.has(image.name) && join(folder, image.name) !== mask)
    .map(({ image, mask, keep }) => {
      const path = join(folder, image.name);
      return { image: path, mask, keep, target: targetOf(line, path, image.name, true) };
    });
}

/** What an earlier call wrote beside its photo. */
const isResult = (name: string) => /\.edited(\.\d+)?\.[^.]+$/.test(name);

const isOriginal = (file: { readonly name: string; readonly contentType: string }) =>
  isPicture(file) && readName(file.name) !== undefined && !isResult(file.name);

const stemOf = (path: string) => path.slice(0, path.length - extname(path).length);

/** @param inFolder the name of the photo below the folder of all. */
function targetOf({ output }: CommandLine, image: string, inFolder: string, isOneOfMany = false): Target {
  if (output === '-') return '-';
  if (output === undefined) return { path: `${stemOf(image)}.edited`, isExact: false };
  const isFolder =
    isOneOfMany || /[/\\]$/.test(output) || (existsSync(output) && statSync(output).isDirectory());
  return isFolder
    ? { path: `${join(output, stemOf(inFolder))}.edited`, isExact: false }
    : { path: output, isExact: true };
}
