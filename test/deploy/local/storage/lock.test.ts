import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStorageEmulator } from '../../../../deploy/local/storage/emulator.ts';
import { startLocalSystem } from '../../../../deploy/local/system.ts';
import { silentLog } from '../../../support/job-world.ts';

let root: string;
let lock: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lock-'));
  lock = join(root, '.meta', 'lock');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

const start = () => startStorageEmulator({ root, buckets: ['input'], watch: false });
const startSystem = () => startLocalSystem({ root, port: 0, storagePort: 0, log: silentLog });

/** An emulator on the folder in a process of its own. */
async function startChild(): Promise<ChildProcess> {
  const emulator = new URL('../../../../deploy/local/storage/emulator.ts', import.meta.url).href;
  const code = `const { startStorageEmulator } = await import(${JSON.stringify(emulator)});
    await startStorageEmulator({ root: ${JSON.stringify(root)}, buckets: ['input'], watch: false });
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

describe('two local systems on one folder', () => {
  it('the second one names the first, on whatever port, and lets its own ports go', async () => {
    const child = await startChild();
    const message = `${root} is in use by another npm start (process ${child.pid}). Stop it first.`;
    await expect(startSystem()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message });
  });

  it('a process that was killed holds nothing any more, nor does one that is dying', async () => {
    const child = await startChild();
    expect(existsSync(lock)).toBe(true);
    setTimeout(() => child.kill('SIGKILL'), 200);
    const system = await startSystem();
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid });
    await system.close();
    expect(existsSync(lock)).toBe(false);
  });

  it.each([
    ['a number that another process has now', JSON.stringify({ pid: process.pid, started: '1', url: 'x' })],
    ['half a lock', '{"pid":'],
  ])('takes over %s', async (_, text) => {
    await mkdir(join(root, '.meta'));
    await writeFile(lock, text);
    const emulator = await start();
    await expect(start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await emulator.close();
  });
});
