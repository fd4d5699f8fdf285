import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { greyPixels } from '../../../../lib/formats/png/grey.ts';
import { wholeMask } from '../../../../lib/pixels/boxed-mask.ts';
import { random } from '../../../support/pictures.ts';
import { lowDepthPng, pngOfRows, withChunks } from '../../../support/png-files.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

const next = random(4);
const size = { width: 301, height: 90, channels: 1, depth: 8 } as const;
/** Black rows, a soft area, a white one. */
const pixels = Uint8Array.from({ length: size.width * size.height }, (_, i) => {
  const y = Math.floor(i / size.width);
  return y < 30 || y >= 80 ? 0 : y < 50 ? next() * 256 : i % size.width < 100 ? 255 : 0;
});

test.each([0, 1, 2, 3, 4, 5])(
  'grey of 8 bit is decoded, with filter %i (5: one after the other)',
  (filter) => {
    const file = pngOfRows({ ...size, pixels, filterOf: (row) => (filter === 5 ? row % 5 : filter) });
    for (const found of withEachPoison(() => greyPixels(file))) {
      expect(found!.part!.box).toEqual({ left: 0, top: 30, width: 301, height: 50 });
      expect(wholeMask(found!).data).toEqual(pixels);
    }
  },
);

test('one pixel is decoded', () => {
  const one = {
    width: 1,
    height: 1,
    channels: 1,
    depth: 8,
    pixels: Uint8Array.of(200),
    filterOf: () => 4,
  } as const;
  expect(wholeMask(greyPixels(pngOfRows(one))!).data).toEqual(Uint8Array.of(200));
});

test('what is no plain grey of 8 bit, and what is damaged, is left to libvips', () => {
  const file = pngOfRows({ ...size, pixels, filterOf: () => 2 });
  const colour = {
    ...size,
    width: 100,
    channels: 3,
    pixels: pixels.subarray(0, 27_000),
    filterOf: () => 0,
  } as const;
  const damaged = Buffer.from(file);
  damaged[60]! ^= 4;
  const wrongChunkSum = Buffer.from(file);
  wrongChunkSum[file.length - 13]! ^= 1;
  const early = (filtered: Uint8Array) => deflateSync(filtered.subarray(0, -1));
  const wrongSum = (filtered: Uint8Array) =>
    Buffer.concat([deflateSync(filtered).subarray(0, -4), Buffer.alloc(4)]);
  for (const other of [
    pngOfRows(colour),
    pngOfRows({ ...size, width: 150, depth: 16, pixels: pixels.subarray(0, 27_000), filterOf: () => 0 }),
    lowDepthPng({ width: 9, height: 9, depth: 4, kind: 'grey' }),
    withChunks(file, [['tRNS', Buffer.alloc(2)]]),
    withChunks(file, [['iCCP', Buffer.from('p\0\0')]]),
    pngOfRows({ ...size, pixels, filterOf: (row) => (row === 89 ? 7 : 0) }),
    pngOfRows({ ...size, pixels, filterOf: () => 0, compress: early }),
    pngOfRows({ ...size, pixels, filterOf: () => 0, compress: wrongSum }),
    damaged,
    wrongChunkSum,
  ]) {
    expect(greyPixels(other)).toBeUndefined();
  }
});
