import { describe, expect, it } from 'vitest';
import { collectInputs } from '../../../../lib/jobs/inputs/pairing.ts';
import { never } from '../../../support/job-world.ts';
import { bucketsWith, type MemoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

const inInput = (name: string) => ({ bucket: 'input', name });

async function namesOf(world: MemoryBuckets, name: string, folderMask = false) {
  const sets = await collectInputs(memoryClient(world), inInput(name), { folderMask }, never);
  return sets.map(({ image, mask, request }) => [image.name, mask?.name, request?.name]);
}

describe('collectInputs', () => {
  it.each(['d/photo.jpg', 'd/photo.mask.png', 'd/photo.json'])(
    'finds the whole set from %s',
    async (name) => {
      const world = bucketsWith(
        'd/photo.jpg',
        'd/photo.mask.png',
        'd/photo.json',
        'd/photo2.jpg',
        'photo.jpg',
      );
      expect(await namesOf(world, name)).toEqual([['d/photo.jpg', 'd/photo.mask.png', 'd/photo.json']]);
    },
  );

  it('leaves missing files undefined', async () => {
    expect(await namesOf(bucketsWith('photo.jpg'), 'photo.jpg')).toEqual([
      ['photo.jpg', undefined, undefined],
    ]);
    expect(await namesOf(bucketsWith('photo.mask.png'), 'photo.mask.png')).toEqual([]);
  });

  it('pairs names in upper and lower case', async () => {
    expect(await namesOf(bucketsWith('P.JPG', 'P_mask.PNG'), 'P_mask.PNG')).toEqual([
      ['P.JPG', 'P_mask.PNG', undefined],
    ]);
  });

  it('gives pictures that share a mask a set each', async () => {
    const world = bucketsWith('a.jpg', 'a.png', 'a.mask.png');
    expect(await namesOf(world, 'a.mask.png')).toEqual([
      ['a.jpg', 'a.mask.png', undefined],
      ['a.png', 'a.mask.png', undefined],
    ]);
    expect(await namesOf(world, 'a.png')).toEqual([['a.png', 'a.mask.png', undefined]]);
  });

  it('leaves out the files of a longer stem', async () => {
    const world = bucketsWith('a.jpg', 'a.b.mask.png', 'a.b.jpg', 'a_mask.b.png');
    expect(await namesOf(world, 'a.jpg')).toEqual([['a.jpg', undefined, undefined]]);
  });

  it('uses the mask of a folder only where that is configured and the picture has no other', async () => {
    const world = bucketsWith('d/a.jpg', 'd/b.jpg', 'd/b.mask.png', 'd/_folder.mask.png');
    expect(await namesOf(world, 'd/a.jpg')).toEqual([['d/a.jpg', undefined, undefined]]);
    expect(await namesOf(world, 'd/a.jpg', true)).toEqual([['d/a.jpg', 'd/_folder.mask.png', undefined]]);
    expect(await namesOf(world, 'd/b.jpg', true)).toEqual([['d/b.jpg', 'd/b.mask.png', undefined]]);
  });

  it('finds from the mask of a folder every picture directly in it that has no other mask', async () => {
    const files = ['d/a.jpg', 'd/b.jpg', 'd/b_mask.png', 'd/c.png', 'd/c.json', 'd/e/f.jpg', 'g.jpg'];
    const world = bucketsWith('d/_folder.mask.png', ...files);
    expect(await namesOf(world, 'd/_folder.mask.png')).toEqual([]);
    expect(await namesOf(world, 'd/_folder.mask.png', true)).toEqual([
      ['d/a.jpg', 'd/_folder.mask.png', undefined],
      ['d/c.png', 'd/_folder.mask.png', 'd/c.json'],
    ]);
  });

  it('finds from the mask at the top of a bucket only the pictures at the top', async () => {
    const world = bucketsWith('_folder.mask.png', 'a.jpg', 'd/b.jpg');
    expect(await namesOf(world, '_folder.mask.png', true)).toEqual([
      ['a.jpg', '_folder.mask.png', undefined],
    ]);
  });

  it('leaves a crowded folder to the sweep after the first pictures', async () => {
    const world = bucketsWith('d/_folder.mask.png', ...Array.from({ length: 230 }, (_, n) => `d/p${n}.jpg`));
    expect(await namesOf(world, 'd/_folder.mask.png', true)).toHaveLength(200);
  });

  it('finds nothing for an object that belongs to no job', async () => {
    expect(await namesOf(bucketsWith('notes.txt'), 'notes.txt')).toEqual([]);
  });

  it('never pairs a mask with a picture that was replaced before the mask came', async () => {
    const world = bucketsWith('a.jpg');
    const old = [...world.objects.values()][0]?.info.generation;
    // The picture is replaced, and a mask for the new one uploaded, between the first and the second listing.
    const store = memoryClient(world, (request) => {
      if (request === 2) {
        put(world, inInput('a.jpg'), 'newer');
        put(world, inInput('a_mask.png'), 'mask of the newer');
      }
      return undefined;
    });
    const [set] = await collectInputs(store, inInput('a.jpg'), { folderMask: false }, never);
    expect(set?.mask?.name).toBe('a_mask.png');
    expect(set?.image.generation).not.toBe(old);
  });

  it.each([
    ['a mask without its picture', 1, ['photo.mask.png']],
    ['a picture without its mask', 2, ['photo.jpg']],
    ['a whole pair', 3, ['photo.jpg', 'photo.mask.png']],
  ])('%s takes %i listings', async (_what, listings, names) => {
    const store = memoryClient(bucketsWith(...names));
    await collectInputs(store, inInput(names[0] ?? ''), { folderMask: false }, never);
    expect(store.requests).toHaveLength(listings);
  });

  it('asks for another delivery when the files keep changing', async () => {
    const world = bucketsWith('a.jpg', 'a.mask.png');
    const store = memoryClient(world, () => {
      put(world, inInput('a.jpg'), 'again');
      return undefined;
    });
    const collected = collectInputs(store, inInput('a.jpg'), { folderMask: false }, never);
    await expect(collected).rejects.toMatchObject({ code: 'BUSY', kind: 'passing' });
  });
});
