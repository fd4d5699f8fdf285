import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortFiles } from '../../functions/studio/page/dropped.ts';
import { isHeic, isTiff, tiffSize } from '../../functions/studio/page/file-headers.ts';
import { drawDifference, emptyDifference, worstSeam } from '../../functions/studio/page/mask/difference.ts';
import { drawMovedEdges, fadeEdge } from '../../functions/studio/page/mask/edges.ts';
import { emptyMask, endStep, fillSpan, readRow } from '../../functions/studio/page/mask/tiles.ts';
import { addTo, middleOf } from '../../functions/studio/page/mask/whole.ts';
import { halvesOf } from '../../functions/studio/page/viewport.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';

/** 4 bytes a pixel from one level for each. */
const grey = (...levels: number[]) =>
  Uint8ClampedArray.from(levels.flatMap((level) => [level, level, level, 255]));

test('a difference is counted outside the mask only, and shown 16 times as strong', () => {
  const mask = emptyMask(4, 1);
  fillSpan(mask, 0, [0, 2], 255);
  endStep(mask);
  const picture = emptyDifference(mask);
  const strip = { top: 0, original: grey(9, 9, 9, 9), result: grey(200, 9, 12, 99) };
  expect(drawDifference(mask, strip, picture)).toBe(2);
  const reds = [0, 1, 2, 3].map((at) => picture.data[at * 4]);
  expect(reds).toEqual([0, 0, 48, 255]);
});

test('the worst seam is where the step across the edge stands out', () => {
  const size = 64;
  const mask = emptyMask(size, size);
  for (let y = 16; y < 48; y++) fillSpan(mask, y, [16, 48], 255);
  endStep(mask);
  // One side of the square is brighter inside; a line far from the edge is brighter still.
  const levels = Array.from({ length: size * size }, (_, at) => {
    const [x, y] = [at % size, Math.floor(at / size)];
    if (y === 4) return 250;
    return x >= 40 && x < 48 && y >= 16 && y < 48 ? 160 : 100;
  });
  const area = { left: 0, top: 0, right: size, bottom: size };
  const found = worstSeam(mask, { area, data: grey(...levels) });
  expect(found?.x).toBe(40);
  expect([24, 40]).toContain(found?.y);
  expect(worstSeam(emptyMask(size, size), { area, data: grey(...levels) })).toBeUndefined();
});

test('a soft edge fades inwards, keeps its line, and knows no edge at the border of the picture', () => {
  const alphas = [0, 200, 200, 200, 200, 200, 200];
  const data = Uint8ClampedArray.from(alphas.flatMap((alpha) => [0, 0, 0, alpha]));
  fadeEdge({ width: 7, height: 1, data }, { left: 0, top: 0, right: 7, bottom: 1 }, 4);
  const faded = alphas.map((_, at) => data[at * 4 + 3]);
  // d = 2: S(1/2) = 1/2; d = 3: S(3/4) = 27/32.
  expect(faded).toEqual([0, 200, 100, 169, 200, 200, 200]);
});

test('where the mask would grow or shrink to is a line of exact distance', () => {
  const [width, height] = [17, 13];
  const few = fc.array(fc.nat(width * height - 1), { maxLength: 3 });
  const alphas = few.map((ats) => Array.from({ length: width * height }, (_, at) => ats.includes(at)));
  fc.assert(
    fc.property(alphas, fc.boolean(), fc.integer({ min: 1, max: 6 }), (isFew, isInverted, radius) => {
      const isMasked = isFew.map((each) => each !== isInverted);
      const data = Uint8ClampedArray.from(isMasked.flatMap((each) => [0, 0, 9, each ? 200 : 0]));
      drawMovedEdges({ width, height, data }, { left: 0, top: 0, right: width, bottom: height }, radius);
      const nearest = (at: number, wanted: boolean) =>
        Math.min(
          ...isMasked.map((each, other) =>
            each === wanted
              ? Math.hypot((at % width) - (other % width), Math.floor(at / width) - Math.floor(other / width))
              : Number.POSITIVE_INFINITY,
          ),
        );
      for (const [at, each] of isMasked.entries()) {
        const beyond = each ? nearest(at, false) - radius : radius - nearest(at, true);
        const isLine = each ? beyond > 1e-6 && beyond <= 1 + 1e-6 : beyond >= -1e-6 && beyond < 1 - 1e-6;
        expect([at, data[at * 4 + 3] === 255]).toEqual([at, isLine]);
      }
    }),
    { numRuns: 20 },
  );
});

test('before and after lie above one another where a narrow view shows more so', () => {
  const [wide, tall] = [
    { width: 300, height: 200 },
    { width: 200, height: 300 },
  ];
  const phone = { width: 390, height: 380 };
  expect(halvesOf(phone, wide).second).toEqual({ x: 0, y: 190 });
  expect(halvesOf(phone, tall).second).toEqual({ x: 195, y: 0 });
  expect(halvesOf({ width: 1060, height: 800 }, wide).second).toEqual({ x: 530, y: 0 });
});

test('what was found is added: of each pixel the larger value counts', () => {
  const mask = emptyMask(3, 1);
  fillSpan(mask, 0, [0, 1], 100);
  endStep(mask);
  addTo(mask, (_, row) => row.set([50, 60, 0]));
  endStep(mask);
  const row = new Uint8Array(3);
  readRow(mask, 0, row);
  expect([...row]).toEqual([100, 60, 0]);
});

test('the line of a comparison goes through the middle of the mask', () => {
  const mask = emptyMask(10, 2);
  expect(middleOf(mask)).toBe(0.5);
  fillSpan(mask, 0, [6, 8], 255);
  fillSpan(mask, 1, [6, 8], 1);
  expect(middleOf(mask)).toBe(0.7);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'the size of a TIFF is read from its header: orientation %i',
  async (orientation) => {
    const expected = orientation < 5 ? { width: 30, height: 20 } : { width: 20, height: 30 };
    const picture = sharp({ create: { width: 30, height: 20, channels: 3, background: '#123' } });
    const bytes = new Uint8Array(await picture.withMetadata({ orientation }).tiff().toBuffer());
    expect([isTiff(bytes), isHeic(bytes)]).toEqual([true, false]);
    expect(await tiffSize(new Blob([bytes]))).toEqual(expected);
    expect(await tiffSize(new Blob([bytes.subarray(0, 9)]))).toBeUndefined();
    expect(await tiffSize(new Blob([]))).toBeUndefined();
  },
);

test('masks go with the photos of their name', () => {
  const [beach, dog, mask, other] = ['beach.jpg', 'dog.png', 'dog.mask.png', 'x.mask.png'].map(
    (name) => new File([], name),
  ) as [File, File, File, File];
  expect(sortFiles([mask, beach, dog])).toEqual({
    photos: [
      { file: beach, maskFile: undefined },
      { file: dog, maskFile: mask },
    ],
    mask: undefined,
  });
  expect(sortFiles([other, beach]).photos).toEqual([{ file: beach, maskFile: other }]);
  expect(sortFiles([other])).toEqual({ photos: [], mask: other });
});
