import { expect, test } from 'vitest';
import { decoded } from '../../../../lib/formats/vips/samples.ts';
import { release } from '../../../../lib/pixels/release.ts';
import { noisePicture, pipelineOf } from '../../../support/pictures.ts';

test('decoded samples can be released, even twice', async () => {
  const { data } = await decoded(pipelineOf(noisePicture({ width: 64, height: 64, channels: 3, depth: 8 })));
  expect(data.length).toBe(64 * 64 * 3);
  release(data);
  expect(data.length).toBe(0);
  release(data);
});
