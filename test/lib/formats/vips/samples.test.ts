import { expect, test } from 'vitest';
import { decoded, release } from '../../../../lib/formats/vips/samples.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

test('samples that sharp decoded are given back, and twice does no harm', async () => {
  const { data } = await decoded(pipelineOf(noisePicture({ width: 64, height: 64, channels: 3, depth: 8 })));
  expect(data.length).toBe(64 * 64 * 3);
  release(data);
  expect(data.length).toBe(0);
  release(data);
});
