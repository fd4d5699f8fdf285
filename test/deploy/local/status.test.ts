import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runStatus } from '../../../deploy/local/status-command.ts';
import { drop, openEmulator, workerStore } from '../../support/emulator-world.ts';

/** `npm run status`, without a terminal and with these settings alone. */
async function status(environment: Record<string, string>, ...args: string[]) {
  let [out, err] = ['', ''];
  const code = await runStatus({
    ...{ args, environment },
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
  });
  return { code, out, err };
}

it('reads the buckets of the settings, and waits without escape sequences where there is no terminal', async () => {
  await using emulator = await openEmulator();
  const user = workerStore(emulator, 'user');
  for (const name of ['a/p.jpg', 'a/q.jpg', 'a/q.mask.png', 'b.jpg']) await drop(user, name, name);
  const settings = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const { code, out, err } = await status({ ...settings, STORAGE_API_ENDPOINT: emulator.url }, 'a/');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(
    /^NAME +STATE .*\na\/p\.jpg +no mask .* waits for a\/p\.mask\.png\na\/q\.jpg +pending .*\n\n1 pending, 1 no mask\n$/,
  );
  const json = await status({ ...settings, STORAGE_API_ENDPOINT: emulator.url }, 'a/', '--json');
  expect(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state),
  ).toEqual(['no mask', 'pending']);
  const unset = { PORT: '', INPUT_BUCKET: '', OUTPUT_BUCKET: '', STORAGE_API_ENDPOINT: emulator.url };
  expect(await status(unset, 'a/')).toMatchObject({ code: 0, out: expect.stringContaining('1 pending') });
});

it('waits for files, and fails with the code and the sentence of each job that failed', async () => {
  await using emulator = await openEmulator();
  const user = workerStore(emulator, 'user');
  const settings = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const watched = status({ ...settings, STORAGE_API_ENDPOINT: emulator.url }, '--watch', '--failed');
  const [photo, mask] = [await drop(user, 'p.jpg', 'p'), await drop(user, 'p.mask.png', 'm')];
  const metadata = { image: photo.generation, mask: mask.generation, request: 'none' };
  const id = { bucket: 'output', name: 'p.jpg/0123456789abcdef/error.json' };
  const error = '{"code":"MASK_EMPTY","message":"Expected white, got none"}';
  await user.create(id, new TextEncoder().encode(error), { contentType: 'application/json', metadata });
  const { code, out } = await watched;
  expect(code).toBe(1);
  expect(out).toMatch(
    /\np\.jpg +failed .* MASK_EMPTY: Expected white, got none\n\n1 failed \(MASK_EMPTY\)\n$/,
  );
});

it('asks again for what ended with a code, and in a dry run only shows it', async () => {
  await using emulator = await openEmulator();
  const user = workerStore(emulator, 'user');
  const settings = { INPUT_BUCKET: 'input', OUTPUT_BUCKET: 'output', CONTROL_BUCKET: 'control' };
  const [photo, mask] = [await drop(user, 'p.jpg', 'p'), await drop(user, 'p.mask.png', 'm')];
  const metadata = { image: photo.generation, mask: mask.generation, request: 'none', code: 'MASK_EMPTY' };
  const id = { bucket: 'output', name: 'p.jpg/0123456789abcdef/error.json' };
  await user.create(id, new TextEncoder().encode('{}'), { contentType: 'application/json', metadata });
  const environment = { ...settings, STORAGE_API_ENDPOINT: emulator.url };
  const mark = { bucket: 'control', name: 'again/0123456789abcdef' };
  const dry = await status(environment, '--again', 'MASK_EMPTY', '--dry-run');
  expect(dry).toMatchObject({
    code: 0,
    out: expect.stringMatching(/p\.jpg, job 0123456789abcdef\n1 would be/),
  });
  expect(await user.stat(mark)).toBeUndefined();
  const asked = await status(environment, '--again', 'MASK_EMPTY');
  expect(asked.out).toMatch(/p\.jpg +pending/);
  expect(await user.stat(mark)).toMatchObject({ metadata: { code: 'MASK_EMPTY' } });
  expect(await status(environment, '--again', 'MASK_EMPTIED')).toMatchObject({ code: 2 });
});

it('answers an option that it does not know with its usage, as a command', async () => {
  const script = fileURLToPath(new URL('../../../deploy/local/status.ts', import.meta.url));
  const ended = await promisify(execFile)(process.execPath, [script, '--wach']).catch((error) => error);
  expect(ended).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: expect.stringMatching(/--wach.*npm run status -- \[PREFIX\]/s),
  });
});

it('says what to do when no local system answers, and which settings are missing', async () => {
  // The port of discard, where nothing listens.
  const silent = await status({ PORT: '8' }, '--watch');
  expect(silent).toMatchObject({ code: 1, out: '' });
  expect(silent.err).toContain('STORAGE_UNAVAILABLE: Expected an answer for gs://input/, got ECONNREFUSED');
  expect(silent.err).toContain('Start it with npm start');
  const half = await status({ INPUT_BUCKET: 'some-input' });
  expect(half.code).toBe(1);
  expect(half.err).toMatch(/CONFIG_INVALID.*\n.*OUTPUT_BUCKET: expected a bucket name, got none/);
});
