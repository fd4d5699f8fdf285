import sharp from 'sharp';
import { expect, it } from 'vitest';
import { editor, type Seal } from '../../../lib/edit.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { greyPaint, paintEngine } from '../../support/engines.ts';
import { boxMask, maskPng, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 90, height: 70 };
const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 4, dilationPx: 0, modelDilation: 0, maxRegions: 1, maxTiles: 0 };
const image = await pipelineOf(wavePicture(size)).png().toBuffer();
const mask = await maskPng(boxMask(size, { left: 30, top: 20, width: 20, height: 20 }));

const edited = (seal?: Seal) =>
  editor({ engine: paintEngine(greyPaint).engine, limits, defaults, seal })(
    { image, mask, request: parseRequest({}) },
    new AbortController().signal,
  );

it('publishes what the seal gives, after another proof', async () => {
  const plain = await edited();
  const seen: Parameters<Seal>[0][] = [];
  const sealed = await edited(async (output) => {
    seen.push(output);
    return sharp(output.bytes).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').png().toBuffer();
  });
  expect(seen).toEqual([
    { bytes: plain.outputs[0]!.bytes, mediaType: 'image/png', isGenerated: false, original: image },
  ]);
  const [output] = sealed.outputs;
  expect((await sharp(output!.bytes).metadata()).xmp).toBeDefined();
  expect(output!.proof).toMatchObject({ outside: 'exact', differingPixels: 0 });
});

it('publishes nothing when the seal changes a pixel outside the mask', async () => {
  const negated = edited(async ({ bytes }) => sharp(bytes).negate().png().toBuffer());
  await expect(negated).rejects.toMatchObject({ code: 'NOT_EXACT' });
});
