import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { collectInputs } from '../../../../lib/jobs/inputs/pairing.ts';
import { never, soleJob } from '../../../support/job-world.ts';
import { bucketsWith, type MemoryBuckets, memoryClient, put } from '../../../support/memory-store.ts';

const inInput = (name: string) => ({ bucket: 'input', name });

async function namesOf(world: MemoryBuckets, name: string, folderMask = false) {
  const sets = await collectInputs(memoryClient(world), inInput(name), { folderMask }, never);
  return sets.map(({ image, mask, request }) => [image.name, mask?.name, request?.name]);
}

/** Hundreds of names between those that belong to the stem `photo`. */
const crowd = Array.from({ length: 600 }, (_, n) =>
  ['photo1', 'photo_N', 'photo-x'].map((stem) => `${stem}${n}.jpg`),
).flat();

describe('collectInputs', () => {
  it.each([
    ['photo.jpg', 'photo_MASK.PNG'],
    ['photo.jpg', 'photo_mAsK.png'],
    ['photo.jpg', 'photo.Mask.png'],
    ['photo.jpg', 'photo-mask.png'],
    ['photo.jpg', 'photo-MASK.png'],
    ['photo.jpg', 'photo.jpg.mask.png'],
    ['photo.jpg', 'photo.jpg_Mask.png'],
    ['photo.jpg', 'photo.jpg-mask.png'],
    ['d/caf\u00e9.jpg', 'd/cafe\u0301.mask.png'],
    ['d/cafe\u0301.jpg', 'd/caf\u00e9_mask.png'],
    ['photo.jfif', 'photo.mask.png'],
    ['photo.jpe', 'photo.mask.jfif'],
    ['photo', 'photo.mask.png'],
    ['photo', 'photo_mask'],
  ])('pairs %s with %s from the event of either', async (photo, mask) => {
    const world = bucketsWith(...crowd);
    for (const name of [photo, mask]) put(world, inInput(name), name, { contentType: 'image/png' });
    expect(await namesOf(world, photo)).toEqual([[photo, mask, undefined]]);
    expect(await namesOf(world, mask)).toContainEqual([photo, mask, undefined]);
  });

  it('pairs as before where names of before and of now both fit', async () => {
    const now = ['p_MASK.png', 'p-mask.png', 'p.jpg.mask.png', 'p_Mask.jpg'];
    for (const mask of ['p_mask.bmp', 'p.mask.bmp'])
      expect(await namesOf(bucketsWith('p.jpg', mask, ...now), 'p.jpg')).toEqual([
        ['p.jpg', mask, undefined],
      ]);
    const folder = bucketsWith('p.jpg', 'p-mask.png', '_folder.mask.png');
    expect(await namesOf(folder, 'p-mask.png', true)).toEqual([
      ['p-mask.png', '_folder.mask.png', undefined],
      ['p.jpg', '_folder.mask.png', undefined],
    ]);
    const picture = bucketsWith('face.jpg', 'face-mask.jpg', 'face-mask.mask.png');
    expect(await namesOf(picture, 'face-mask.jpg')).toEqual([
      ['face-mask.jpg', 'face-mask.mask.png', undefined],
      ['face.jpg', undefined, undefined],
    ]);
  });

  it('takes no object without extension for a picture that is none by its content type', async () => {
    const world = bucketsWith('photo', 'photo.mask.png');
    expect(await namesOf(world, 'photo.mask.png')).toEqual([]);
    expect(await namesOf(world, 'photo')).toEqual([]);
  });

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

  it('finds the other pictures of a folder when the name of one cannot be asked for', async () => {
    const world = bucketsWith('_folder.mask.png', 'a.jpg', 'bad.jpg', 'c.jpg');
    const store = memoryClient(world, (_, what) => {
      if (what === 'list input/bad') throw new EditError('REQUEST_INVALID', 'Expected another name');
      return undefined;
    });
    const sets = await collectInputs(store, inInput('_folder.mask.png'), { folderMask: true }, never);
    expect(sets.map(({ image }) => image.name)).toEqual(['a.jpg', 'c.jpg']);
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

  it('makes an upload of the same bytes a new job', async () => {
    const world = bucketsWith('p.jpg', 'p.mask.png');
    const id = async () => (await soleJob(memoryClient(world), 'p.jpg')).id;
    const ids = [await id()];
    for (const name of ['p.jpg', 'p.mask.png']) {
      put(world, inInput(name), name);
      ids.push(await id());
    }
    expect(new Set(ids).size).toBe(3);
  });

  it('finds nothing for an object that belongs to no job', async () => {
    expect(await namesOf(bucketsWith('notes.txt'), 'notes.txt')).toEqual([]);
  });

  it('never pairs a mask with a picture that was replaced before the mask came', async () => {
    const world = bucketsWith('a.jpg', 'a.json');
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
    ['a picture without its mask', 1, ['photo.jpg']],
    ['a whole pair', 2, ['photo.jpg', 'photo.mask.png']],
    ['a whole pair with another name of a mask', 2, ['photo.jpg', 'photo_Mask.png']],
    [
      'a pair among numbered names',
      4,
      ['photo.jpg', 'photo.mask.png', ...crowd.filter((name) => /^photo1/.test(name))],
    ],
    ['the worst of crowds', 8, ['photo.jpg', 'photo_MASK.png', ...crowd]],
    ['a pair with accents', 4, ['d\u00e9j\u00e0.jpg', 'd\u00e9j\u00e0.mask.png']],
    ['a mask with the whole name of its picture', 3, ['photo.jpg.mask.png', 'photo.jpg']],
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
