import { describe, expect, it } from 'vitest';
import {
  bestMask,
  hasRoomForError,
  nameFault,
  outputNames,
  readName,
  readTerminalName,
} from '../../../../lib/jobs/inputs/names.ts';

describe('readName', () => {
  it.each([
    ['a/b/photo.jpg', 'image', 'a/b/', 'photo'],
    ['photo.JPEG', 'image', '', 'photo'],
    ['photo.jfif', 'image', '', 'photo'],
    ['photo.jpe', 'image', '', 'photo'],
    ['photo.heic', 'image', '', 'photo'],
    ['photo.mask.png', 'mask', '', 'photo'],
    ['photo_mask.PNG', 'mask', '', 'photo'],
    ['photo_MASK.Png', 'mask', '', 'photo'],
    ['photo.mask.pgm', 'mask', '', 'photo'],
    ['x/photo.v2.mask.webp', 'mask', 'x/', 'photo.v2'],
    ['photo.jpg.mask.png', 'mask', '', 'photo.jpg'],
    ['photo.json', 'request', '', 'photo'],
    ['x/_folder.mask.png', 'folder-mask', 'x/', ''],
    ['unmask.jpg', 'image', '', 'unmask'],
  ])('%s', (name, role, folder, stem) => {
    expect(readName(name)).toMatchObject({ role, folder, stem });
  });

  it('takes an object without extension for what its content type says', () => {
    expect(readName('d/photo', 'image/jpeg')).toMatchObject({ role: 'image', stem: 'photo' });
    expect(readName('scan 12.03.2026', 'image/jpeg')).toMatchObject({ stem: 'scan 12.03.2026' });
    expect(readName('photo_mask', 'image/png')).toMatchObject({ role: 'mask', stem: 'photo' });
    expect(readName('photo')?.role).toBe('image');
    expect(readName('photo', 'text/plain')).toBeUndefined();
  });

  it.each(['notes.txt', '.jpg', '.mask.png', '.DS_Store', 'folder/', '', 'photo.jpg/', 'photo.jpg.part'])(
    '"%s" belongs to no job',
    (name) => {
      expect(readName(name)).toBeUndefined();
      expect(readName(name, 'image/jpeg')).toBeUndefined();
    },
  );
});

const contentType = 'application/octet-stream';

describe('bestMask', () => {
  it('prefers what paired in 0.1, then other case, the whole name, another form of Unicode, the folder', () => {
    const inOrder = [
      ...['é.mask.PNG', 'é.mask.png', 'é.MASK.jpg', 'é_mask.png', 'é_mask.bmp', 'é_Mask.png'],
      ...['é.jpg.mask.png', 'e\u0301.mask.png', 'e\u0301_MASK.png', '_folder.mask.png', 'é-mask.png'],
    ].map((name) => ({ name, contentType }));
    const photo = { name: 'é.jpg', contentType };
    for (const [n, best] of inOrder.entries()) expect(bestMask(photo, inOrder.slice(n).reverse())).toBe(best);
    expect(bestMask(photo, [])).toBeUndefined();
  });

  it('leaves a picture named like a mask a picture when it has a mask of its own', () => {
    const objects = ['p-mask.png', 'p-mask.mask.png'].map((name) => ({ name, contentType }));
    expect(bestMask({ name: 'p.jpg', contentType }, objects)).toBeUndefined();
    expect(bestMask({ name: 'p-mask.png', contentType }, objects)?.name).toBe('p-mask.mask.png');
  });
});

describe('nameFault', () => {
  it('leaves room for the names of the results', () => {
    const longest = `é${'n'.repeat(991)}`;
    const { manifest } = outputNames(longest, '0123456789abcdef');
    expect(Buffer.byteLength(manifest)).toBe(1024);
    expect(nameFault(longest)).toBeUndefined();
    expect(nameFault(`${longest}n`)).toMatchObject({ code: 'NAME_TOO_LONG', kind: 'input' });
    expect([hasRoomForError(`${longest}nnn`), hasRoomForError(`${longest}nnnn`)]).toEqual([true, false]);
  });
});

describe('readTerminalName', () => {
  it('reads back what outputNames writes', () => {
    const names = outputNames('a/photo.jpg', '0123456789abcdef');
    expect(names.output(1, 'jpg')).toBe('a/photo.jpg/0123456789abcdef/1.jpg');
    expect(readTerminalName(names.manifest)).toEqual({
      imageName: 'a/photo.jpg',
      job: '0123456789abcdef',
      kind: 'manifest',
    });
    expect(readTerminalName(names.error)?.kind).toBe('error');
    expect(readTerminalName(names.output(1, 'jpg'))).toBeUndefined();
  });
});
