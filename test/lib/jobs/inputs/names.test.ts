import { describe, expect, it } from 'vitest';
import { bestMask, outputNames, readName, readTerminalName } from '../../../../lib/jobs/inputs/names.ts';

describe('readName', () => {
  it.each([
    ['a/b/photo.jpg', { role: 'image', folder: 'a/b/', stem: 'photo' }],
    ['photo.JPEG', { role: 'image', folder: '', stem: 'photo' }],
    ['photo.mask.png', { role: 'mask', folder: '', stem: 'photo' }],
    ['photo_mask.PNG', { role: 'mask', folder: '', stem: 'photo' }],
    ['x/photo.v2.mask.webp', { role: 'mask', folder: 'x/', stem: 'photo.v2' }],
    ['photo.json', { role: 'request', folder: '', stem: 'photo' }],
    ['x/_folder.mask.png', { role: 'folder-mask', folder: 'x/', stem: '' }],
    ['photo.heic', { role: 'image', folder: '', stem: 'photo' }],
  ])('%s', (name, expected) => {
    expect(readName(name)).toEqual(expected);
  });

  it.each(['notes.txt', 'photo', '.jpg', '.mask.png', 'folder/', '', 'photo.jpg/', 'photo.jpg.part'])(
    '"%s" belongs to no job',
    (name) => {
      expect(readName(name)).toBeUndefined();
    },
  );

  it('takes a mask for no image', () => {
    expect(readName('holiday_mask.jpg')?.role).toBe('mask');
    expect(readName('unmask.jpg')?.role).toBe('image');
  });
});

describe('bestMask', () => {
  it('prefers .mask to _mask, then PNG, then the name', () => {
    const inOrder = ['p.mask.PNG', 'p.mask.png', 'p.mask.jpg', 'p_mask.png'].map((name) => ({ name }));
    for (const [n, best] of inOrder.entries()) expect(bestMask(inOrder.slice(n).reverse())).toBe(best);
    expect(bestMask([])).toBeUndefined();
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
