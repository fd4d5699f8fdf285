import { appendFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clientOf, createOnly, startEmulator, temporaryRoot } from './support.ts';

async function setUp() {
  const root = await temporaryRoot();
  const emulator = await startEmulator({ root });
  const bucket = clientOf(emulator.url).bucket('input');
  await bucket.file('a').save('first', { ...createOnly, metadata: { metadata: { of: 'a' } } });
  const restart = async () => clientOf((await startEmulator({ root })).url).bucket('input');
  return { root, emulator, bucket, restart, journal: join(root, '.meta', 'input.jsonl') };
}

it('finishes an upload that was written down but not yet put in place', async () => {
  const { root, emulator, bucket, restart, journal } = await setUp();
  const [before] = await bucket.file('a').getMetadata();
  const lines = (await readFile(journal, 'utf8')).trim().split('\n');
  const { staged } = JSON.parse(lines.at(-1) ?? '');
  await emulator.close();
  await rename(join(root, 'input', 'a'), join(root, '.meta', 'staged', staged));

  const file = (await restart()).file('a');
  expect((await file.getMetadata())[0]).toMatchObject({
    generation: before.generation,
    metadata: { of: 'a' },
  });
  expect((await file.download())[0].toString()).toBe('first');
});

it('leaves out a change that was cut short while it was written down', async () => {
  const { emulator, bucket, restart, journal } = await setUp();
  await bucket.file('a').setMetadata({ metadata: { half: 'written' } });
  await emulator.close();
  const { length } = await readFile(journal);
  await truncate(journal, length - 20);

  const bucketAgain = await restart();
  const [metadata] = await bucketAgain.file('a').getMetadata();
  expect([metadata.metageneration, metadata.metadata]).toEqual(['1', { of: 'a' }]);
  await bucketAgain.file('a').setMetadata({ metadata: { after: 'crash' } });
  expect((await bucketAgain.file('a').getMetadata())[0].metageneration).toBe('2');
});

it('throws away bytes of uploads that never ended', async () => {
  const { root, emulator, restart, journal } = await setUp();
  await emulator.close();
  await writeFile(join(root, '.meta', 'staged', 'stray'), 'half');
  await appendFile(journal, 'not a line of ours\n');
  const [files] = await (await restart()).getFiles();
  expect(files.map(({ name }) => name)).toEqual(['a']);
  await expect(readFile(join(root, '.meta', 'staged', 'stray'))).rejects.toThrow('ENOENT');
});
