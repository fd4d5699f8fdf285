import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { withProfileFile } from '../../../../lib/formats/vips/profile-file.ts';

const icc = Uint8Array.of(1, 2, 3);

test('the file holds the profile in a private folder, which is removed after the work', async () => {
  const folder = await withProfileFile(icc, async (path) => {
    expect(new Uint8Array(readFileSync(path))).toEqual(icc);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    return dirname(path);
  });
  expect(existsSync(folder)).toBe(false);
});

test('two users of a profile do not disturb each other, and a failure leaves no file', async () => {
  const paths: string[] = [];
  const failing = withProfileFile(icc, async (path) => {
    paths.push(path);
    throw new Error('failed');
  });
  await withProfileFile(icc, async (path) => {
    paths.push(path);
    await expect(failing).rejects.toThrow('failed');
    expect(existsSync(path)).toBe(true);
  });
  expect(paths.map((path) => existsSync(dirname(path)))).toEqual([false, false]);
});

test('nothing is left when the process exits during the work', () => {
  const root = mkdtempSync(join(tmpdir(), 'profile-file-'));
  const module = new URL('../../../../lib/formats/vips/profile-file.ts', import.meta.url);
  const script = `import { withProfileFile } from '${module}';
    await withProfileFile(new Uint8Array(9), async () => { process.stdout.write('used'); process.exit(); });`;
  const env = { ...process.env, TMPDIR: root };
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
  expect(child.stdout).toBe('used');
  expect(readdirSync(root)).toEqual([]);
  rmSync(root, { recursive: true });
});
