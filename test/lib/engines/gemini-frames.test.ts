import { expect, it } from 'vitest';
import { frameFor, geminiFrames } from '../../../lib/engines/gemini-frames.ts';
import { modelEntry } from '../../../lib/engines/models.ts';

const all = geminiFrames({ imageSizes: ['4K', '1K', '2K'] });

it('lists every ratio at every size, small sizes first', () => {
  expect(all).toHaveLength(30);
  expect(all[0]).toEqual({ aspectRatio: '1:1', imageSize: '1K', width: 1024, height: 1024 });
  expect(all.map(({ imageSize }) => imageSize)).toEqual([
    ...Array(10).fill('1K'),
    ...Array(10).fill('2K'),
    ...Array(10).fill('4K'),
  ]);
});

it('finds every frame for a crop of its own pixels', () => {
  for (const frame of all) expect(frameFor(frame, all)).toBe(frame);
});

it('takes the smallest that covers a crop that is no frame, and the largest when none does', () => {
  expect(frameFor({ width: 1030, height: 1030 }, all)).toMatchObject({ aspectRatio: '1:1', imageSize: '2K' });
  expect(frameFor({ width: 400, height: 300 }, all)).toMatchObject({ aspectRatio: '4:3', imageSize: '1K' });
  expect(frameFor({ width: 9000, height: 4000 }, all)).toMatchObject({
    aspectRatio: '21:9',
    imageSize: '4K',
  });
});

it.each([
  ['gemini-nano-banana-2.1', 42, [384, 3072]],
  ['gemini-3.1-flash-image', 30, [768, 1376]],
  ['gemini-3.1-flash-lite-image', 10, [768, 1376]],
  ['gemini-2.5-flash-image', 10, [768, 1344]],
] as const)('%s has %i frames, the highest at 1K of %j px', (model, count, [width, height]) => {
  const frames = geminiFrames(modelEntry(model));
  expect(frames).toHaveLength(count);
  const highest = frames.filter(({ imageSize }) => imageSize === '1K').sort((a, b) => b.height - a.height)[0];
  expect(highest).toMatchObject({ width, height });
});
