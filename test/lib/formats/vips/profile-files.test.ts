import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { profileFiles } from '../../../../lib/formats/vips/profile-files.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const writeFile = async (path: string, data: Uint8Array) => {
    await real.writeFile(path, disk.isFull ? data.subarray(0, 3) : data);
    if (disk.isFull) throw new Error('ENOSPC');
  };
  return { ...real, writeFile };
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'profile-files-'));
  vi.stubEnv('TMPDIR', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const profile = (name: string, bytes = 10) => new Uint8Array(Buffer.alloc(bytes, name));
const roomy = { files: 8, bytes: 1000 };
/** The first byte of every file. */
const present = () =>
  readdirSync(root)
    .map((folder) => readFileSync(join(root, folder, 'profile.icc'), 'latin1')[0])
    .sort();
const touch = async () => {};

test('the file holds the profile in a private folder', async () => {
  await profileFiles(roomy)(profile('a'), async (path) => {
    expect(new Uint8Array(readFileSync(path))).toEqual(profile('a'));
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });
});

test('a profile is written once, even for two users at the same time', async () => {
  const withFile = profileFiles(roomy);
  const path = async (path: string) => path;
  const [first, second] = await Promise.all([withFile(profile('a'), path), withFile(profile('a'), path)]);
  expect(second).toBe(first);
  expect(await withFile(profile('a'), path)).toBe(first);
  expect(present()).toEqual(['a']);
});

test('the last used profiles stay, and no others', async () => {
  const withFile = profileFiles({ ...roomy, files: 2 });
  for (const name of ['a', 'b', 'a', 'c']) await withFile(profile(name), touch);
  expect(present()).toEqual(['a', 'c']);
});

test('large profiles do not stay', async () => {
  const withFile = profileFiles({ ...roomy, bytes: 100 });
  for (const name of ['a', 'b', 'c']) await withFile(profile(name, 40), touch);
  expect(present()).toEqual(['b', 'c']);
  await withFile(profile('d', 101), touch);
  expect(present()).toEqual([]);
});

test('a profile in use stays until its work is done', async () => {
  const withFile = profileFiles({ files: 0, bytes: 0 });
  await withFile(profile('a'), async (path) => {
    await withFile(profile('b'), touch);
    await withFile(profile('a'), touch);
    expect(readFileSync(path, 'latin1')[0]).toBe('a');
    expect(present()).toEqual(['a']);
  });
  expect(present()).toEqual([]);
});

test('a failed write leaves no file, and the next attempt writes again', async () => {
  const withFile = profileFiles(roomy);
  disk.isFull = true;
  await expect(withFile(profile('a'), touch)).rejects.toThrow('ENOSPC');
  expect(readdirSync(root)).toEqual([]);
  disk.isFull = false;
  await withFile(profile('a'), touch);
  expect(present()).toEqual(['a']);
});

test('nothing is left when the process ends', () => {
  const module = new URL('../../../../lib/formats/vips/profile-files.ts', import.meta.url);
  const script = `import { profileFiles } from '${module}';
    await profileFiles({ files: 8, bytes: 1000 })(new Uint8Array(9), async () => {});
    process.stdout.write('used');`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(child.stdout).toBe('used');
  expect(readdirSync(root)).toEqual([]);
});
