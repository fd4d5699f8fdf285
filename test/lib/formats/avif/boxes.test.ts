import { expect, test } from 'vitest';
import { foreignColours, isAvif, otherItems } from '../../../../lib/formats/avif/boxes.ts';

const ftyp = (...brands: string[]) => {
  const box = Buffer.concat([
    Buffer.from('\0\0\0\0ftyp'),
    Buffer.from(`${brands[0]}\0\0\0\0${brands.slice(1).join('')}`),
  ]);
  box.writeUInt32BE(box.length);
  return box;
};

test.each([
  [ftyp('avif', 'mif1'), true],
  [ftyp('mif1', 'miaf', 'avif'), true],
  [ftyp('heic', 'mif1'), false],
  [Buffer.concat([ftyp('heic', 'mif1'), Buffer.from('\0\0\0\x08avif')]), false],
  [Buffer.from('RIFF'), false],
  [Buffer.alloc(0), false],
])('AVIF is recognised by its brands: %#', (bytes, expected) => {
  expect(isAvif(bytes)).toBe(expected);
});

const nclx = (primaries: number, transfer: number) =>
  Buffer.concat([Buffer.from('colrnclx'), Buffer.from([0, primaries, 0, transfer, 0, 1, 0])]);

test('colours given by code points are named, unless they are sRGB', () => {
  expect(foreignColours(Buffer.alloc(100))).toBeUndefined();
  expect(foreignColours(nclx(1, 13))).toBeUndefined();
  expect(foreignColours(nclx(2, 2))).toBeUndefined();
  expect(foreignColours(Buffer.concat([nclx(1, 13), nclx(9, 16)]))).toBe(
    'colour primaries 9 and transfer characteristics 16',
  );
  expect(foreignColours(nclx(12, 13))).toMatch(/primaries 12/);
  // Cut in the middle.
  expect(foreignColours(Buffer.from('colrnclx'))).toBeUndefined();
});

test('other items of the file are named', () => {
  expect(otherItems(Buffer.from('....thmb..infe..tmap'))).toEqual(['gain map', 'thumbnail']);
  expect(otherItems(Buffer.from('nothing'))).toEqual([]);
});
