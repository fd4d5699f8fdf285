import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clientOf, codeOf, createOnly, eventually, startEmulator, temporaryRoot } from './support.ts';

async function setUp(watch: boolean) {
  const root = await temporaryRoot();
  const start = () => startEmulator({ root, watch });
  const emulator = await start();
  const bucket = clientOf(emulator.url).bucket('input');
  const namesOf = async (at = bucket) => (await at.getFiles())[0].map(({ name }) => name);
  return { root, start, emulator, bucket, namesOf, input: join(root, 'input') };
}
const settled = async (path: string, bytes: string) => {
  await writeFile(path, bytes);
  await new Promise((resolve) => setTimeout(resolve, 60));
};

it('takes a file put into the folder for an upload, also in a new folder below it', async () => {
  const { bucket, namesOf, input } = await setUp(true);
  await writeFile(join(input, 'photo.jpg'), 'bytes');
  await mkdir(join(input, 'a', 'b'), { recursive: true });
  await writeFile(join(input, 'a', 'b', 'photo.mask.png'), 'mask');
  await eventually(async () => expect(await namesOf()).toEqual(['a/b/photo.mask.png', 'photo.jpg']));
  const [metadata] = await bucket.file('photo.jpg').getMetadata();
  expect(metadata).toMatchObject({ contentType: 'image/jpeg', size: '5', metageneration: '1' });
  expect((await bucket.file('photo.jpg').download({ validation: 'crc32c' }))[0].toString()).toBe('bytes');
});

it('takes a file changed by hand for a new generation and a deleted one for gone', async () => {
  const { bucket, namesOf, input } = await setUp(true);
  await bucket.file('photo.jpg').save('old', createOnly);
  const before = (await bucket.file('photo.jpg').getMetadata())[0].generation;
  await writeFile(join(input, 'photo.jpg'), 'newer');
  await eventually(async () => {
    const [metadata] = await bucket.file('photo.jpg').getMetadata();
    expect(metadata.generation).not.toBe(before);
    expect(metadata.size).toBe('5');
  });
  await rm(join(input, 'photo.jpg'));
  await eventually(async () => expect(await namesOf()).toEqual([]));
});

it.each(['a new time', 'the old time'])(
  'takes the same bytes put there again for an upload: %s',
  async (time) => {
    const { bucket, input, root } = await setUp(true);
    const generation = async () => String((await bucket.file('a').getMetadata())[0].generation);
    const put = async (seconds: number) => {
      await writeFile(join(root, 'source'), 'same');
      await utimes(join(root, 'source'), seconds, seconds);
      await rename(join(root, 'source'), join(input, 'a'));
    };
    await put(1000);
    await eventually(async () => expect(await bucket.file('a').exists()).toEqual([true]));
    const first = await generation();
    await put(time === 'a new time' ? 2000 : 1000);
    await eventually(async () => expect(await generation()).not.toBe(first));
  },
);

it('takes a folder moved away for the deletion of all in it', async () => {
  const { root, bucket, namesOf, input } = await setUp(true);
  await bucket.file('dir/a').save('1', createOnly);
  await bucket.file('dir/b').save('2', createOnly);
  await rename(join(input, 'dir'), join(root, 'elsewhere'));
  await eventually(async () => expect(await namesOf()).toEqual([]));
  await bucket.file('dir/a').save('again', createOnly);
  expect((await bucket.file('dir/a').download())[0].toString()).toBe('again');
});

it('never serves changed bytes under the generation of the old ones', async () => {
  const { bucket, input } = await setUp(false);
  await bucket.file('a').save('old', createOnly);
  await writeFile(join(input, 'a'), 'changed');
  expect(await codeOf(bucket.file('a').download())).toBe(404);
});

it('leaves unfinished files, dot files and links alone', async () => {
  const { emulator, namesOf, input } = await setUp(false);
  for (const name of ['.hidden', 'a.jpg.part', 'b.crdownload', 'c.jpg~', '~$d.doc', 'e.swp', 'f.jpg']) {
    await settled(join(input, name), 'x');
  }
  await symlink('/etc/hostname', join(input, 'link.jpg'));
  await emulator.rescan();
  expect(await namesOf()).toEqual(['f.jpg']);
});

it('waits until a growing file has settled', async () => {
  const { bucket, input } = await setUp(true);
  await writeFile(join(input, 'a'), '');
  for (const part of ['one ', 'two ', 'three']) {
    await writeFile(join(input, 'a'), part, { flag: 'a' });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await eventually(async () => expect(await bucket.file('a').exists()).toEqual([true]));
  expect((await bucket.file('a').download())[0].toString()).toBe('one two three');
});

it('remembers everything over a restart, and sees what was done meanwhile', async () => {
  const { emulator, bucket, start, input } = await setUp(false);
  for (const name of ['kept', 'changed', 'deleted', 'touched']) {
    await bucket.file(name).save(name, { ...createOnly, metadata: { metadata: { of: name } } });
  }
  await bucket.file('kept').setMetadata({ metadata: { patched: 'yes' } });
  const describe = async (at: typeof bucket, name: string) => (await at.file(name).getMetadata())[0];
  const before = { kept: await describe(bucket, 'kept'), changed: await describe(bucket, 'changed') };
  const touched = await describe(bucket, 'touched');
  await emulator.close();
  await rm(join(input, 'deleted'));
  await utimes(join(input, 'touched'), 1, 1);
  await writeFile(join(input, 'added'), 'new');
  await settled(join(input, 'changed'), 'by hand');

  const again = clientOf((await start()).url).bucket('input');
  expect((await again.getFiles())[0].map(({ name }) => name)).toEqual([
    'added',
    'changed',
    'kept',
    'touched',
  ]);
  const kept = await describe(again, 'kept');
  expect([kept.generation, kept.metageneration, kept.metadata]).toEqual([
    before.kept.generation,
    '2',
    { of: 'kept', patched: 'yes' },
  ]);
  expect((await describe(again, 'changed')).generation).not.toBe(before.changed.generation);
  expect((await again.file('changed').download())[0].toString()).toBe('by hand');
  expect((await describe(again, 'touched')).generation).toBe(touched.generation);
  expect((await again.file('touched').download())[0].toString()).toBe('touched');
});

const AWKWARD = [
  '../up',
  '../../etc/passwd',
  '/absolute',
  'a//b',
  'folder/',
  './here',
  '.hidden',
  'a/../b',
  'photo.jpg',
  'photo.jpg/job/1.jpg',
  'photo.jpg/job/manifest.json',
  'photo.jpg/job/manifest.json/deeper',
  'per%cent%2Fslash',
  'back\\slash',
  'tab\tname',
  'Grüße/日本 🙂.jpg',
  'x.part',
  `long/${'n'.repeat(900)}.jpg`,
];

it('keeps any name the service allows inside its folder, over a restart too', async () => {
  const { root, emulator, bucket, start } = await setUp(false);
  for (const name of AWKWARD) await bucket.file(name).save(name, createOnly);
  const check = async (at: typeof bucket) => {
    const listed = (await at.getFiles())[0].map(({ name }) => name);
    expect(listed.toSorted()).toEqual(AWKWARD.toSorted());
    for (const name of AWKWARD) expect((await at.file(name).download())[0].toString()).toBe(name);
  };
  await check(bucket);
  await emulator.rescan();
  await check(bucket);
  await emulator.close();
  await check(clientOf((await start()).url).bucket('input'));
  expect((await readdir(root)).sort()).toEqual(['.meta', 'control', 'input', 'output']);
  expect(await readdir(join(root, 'input', '%photo.jpg', 'job'))).toContain('1.jpg');
});

it('makes room in either order for a name that is a file and a folder', async () => {
  const { bucket } = await setUp(false);
  await bucket.file('photo.jpg/job/1.jpg').save('result', createOnly);
  await bucket.file('photo.jpg').save('latest', createOnly);
  expect((await bucket.file('photo.jpg').download())[0].toString()).toBe('latest');
  expect((await bucket.file('photo.jpg/job/1.jpg').download())[0].toString()).toBe('result');
});

it('names the port that another program has', async () => {
  const { emulator } = await setUp(false);
  const port = Number(new URL(emulator.url).port);
  await expect(startEmulator({ port })).rejects.toThrow(`Port ${port} is taken`);
});
