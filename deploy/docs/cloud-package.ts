import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a build in the cloud installs: the packages that functions need and those that bundle them, at the
 * versions of the lockfile. What only tests and documents need would be most of its weight.
 */

/** Of the development packages, what `gcp-build` runs. */
const buildTools = ['assemblyscript', 'rolldown'];
const buildScripts = ['build', 'gcp-build'];

interface Needs {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Package extends Needs {
  readonly scripts: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, Needs>>;
}

const read = <T>(file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')) as T;
const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

const picked = <T>(record: Readonly<Record<string, T>>, keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, record[key]!]));

export function cloudPackage(): string {
  const whole = read<Package>('package.json');
  return json({
    ...whole,
    scripts: picked(whole.scripts, buildScripts),
    devDependencies: picked(whole.devDependencies ?? {}, buildTools),
  });
}

export function cloudLock(): string {
  const lock = read<Lock>('package-lock.json');
  const whole = lock.packages['']!;
  const root = { ...whole, devDependencies: picked(whole.devDependencies ?? {}, buildTools) };
  const needed = new Set<string>();
  const add = (from: string, { dependencies, devDependencies, optionalDependencies }: Needs) => {
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      const path = placeOf(name, from, lock);
      if (path === undefined || needed.has(path)) continue;
      needed.add(path);
      const { devDependencies: _, ...own } = lock.packages[path]!;
      add(path, own);
    }
  };
  add('', root);
  const kept = Object.entries(lock.packages).filter(([path]) => needed.has(path));
  return json({ ...lock, packages: { '': root, ...Object.fromEntries(kept) } });
}

/** Where node finds a package from another: in the nearest `node_modules` above it. */
function placeOf(name: string, from: string, { packages }: Lock): string | undefined {
  const path = join(from, 'node_modules', name);
  if (packages[path] !== undefined) return path;
  const above = from.lastIndexOf('node_modules/');
  return above < 0 ? undefined : placeOf(name, from.slice(0, above).replace(/\/$/, ''), { packages });
}
