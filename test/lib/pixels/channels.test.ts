import { expect, it } from 'vitest';
import { firstChannels } from '../../../lib/pixels/channels.ts';

it('takes the first channels of every pixel, whatever the samples are', () => {
  const raster = { width: 2, height: 1, channels: 4, data: Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  expect(firstChannels(raster, 3)).toEqual({
    ...raster,
    channels: 3,
    data: Uint16Array.of(1, 2, 3, 5, 6, 7),
  });
  const grey = { width: 1, height: 2, channels: 2, data: Float32Array.of(0.5, 255, 1.5, 0) };
  expect(firstChannels(grey, 1).data).toEqual(Float32Array.of(0.5, 1.5));
  expect(firstChannels(grey, 2)).toBe(grey);
});
