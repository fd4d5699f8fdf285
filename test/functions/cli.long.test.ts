import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { repository } from '../support/packed.ts';
import * as pair from '../support/small-pair.ts';

test('the packed command runs on its own, says what Node it needs, and is small', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [photo, mask] = [join(folder, 'p.png'), join(folder, 'p.mask.png')];
  await writeFile(photo, pair.image);
  await writeFile(mask, pair.mask);
  await promisify(execFile)(process.execPath, ['deploy/build.js'], { cwd: repository });
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', flags, { cwd: repository });
  const [{ filename, size: bytes, files }] = JSON.parse(stdout) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  expect(bytes).toBeLessThan(1_000_000);
  expect(files.filter(({ path }) => /\.map$|^test\/|\.ts$/.test(path))).toEqual([]);
  await promisify(execFile)('tar', ['xzf', filename], { cwd: folder });
  await cp(join(repository, 'package.json'), join(folder, 'package/package.json'));
  await symlink(join(repository, 'node_modules'), join(folder, 'package/node_modules'));
  const command = join(folder, 'package/dist/cli/gcs-inpaint.js');
  const { stderr } = await promisify(execFile)(process.execPath, [
    command,
    photo,
    mask,
    '-o',
    join(folder, 'out.png'),
  ]);
  expect(stderr).toContain('by patchmatch');
  const old = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.1.0' } })`;
  const child = spawn(process.execPath, ['--import', old, command]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  expect(await once(child, 'exit')).toEqual([5, null]);
  expect(said).toBe('gcs-inpaint: Expected Node 22.18 or newer, got 20.1.0.\n');
});
