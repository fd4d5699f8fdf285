import { expect, test } from 'vitest';
import { proveOutside } from '../../../lib/edit/prove.ts';
import { readPhoto } from '../../../lib/edit/read.ts';
import { writeOutput } from '../../../lib/edit/write.ts';
import { readCrop } from '../../../lib/formats/vips/read.ts';
import { lateTablesJpeg } from '../../support/late-tables.ts';
import { boxMask, noisePicture, pipelineOf, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const size = { width: 96, height: 64 };
const box = { left: 33, top: 21, width: 20, height: 20 };
const mask = { box, mask: boxMask(box, { ...box, left: 0, top: 0 }) };

async function inverted(image: Uint8Array) {
  const photo = await readPhoto(image, limits);
  const { original } = await readCrop(photo, box);
  const patches = [
    { box, original, edited: { ...original, data: original.data.map((value) => 255 - value) } },
  ];
  return {
    photo,
    patches,
    written: await writeOutput({ photo, patches, isGenerated: false, encoding: undefined }),
  };
}

test('a lossless output that differs in one pixel outside the mask is not published', async () => {
  const raster = noisePicture({ ...size, channels: 3, depth: 8 });
  const { photo, patches, written } = await inverted(await pipelineOf(raster).png().toBuffer());
  expect(await proveOutside({ photo, written, patches, mask })).toMatchObject({ outside: 'exact' });
  const data = Uint8Array.from(raster.data);
  data[0]! ^= 1;
  const tampered = {
    way: 'lossless',
    notes: [],
    dropped: [],
    bytes: await pipelineOf({ ...raster, data })
      .png()
      .toBuffer(),
  } as const;
  await expect(proveOutside({ photo, written: tampered, patches, mask })).rejects.toMatchObject({
    code: 'NOT_EXACT',
  });
});

test('a spliced JPEG that differs outside the touched blocks is not published', async () => {
  const image = await pipelineOf(wavePicture(size)).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer();
  const { photo, patches, written } = await inverted(image);
  if (written.way !== 'spliced') throw new Error(`expected a splice, got ${written.way}`);
  expect(await proveOutside({ photo, written, patches, mask })).toMatchObject({ outside: 'touched-blocks' });
  const elsewhere = await pipelineOf(wavePicture({ ...size, width: 96 }))
    .jpeg({ quality: 40 })
    .toBuffer();
  const tampered = { ...written, bytes: elsewhere };
  await expect(proveOutside({ photo, written: tampered, patches, mask })).rejects.toMatchObject({
    code: 'NOT_EXACT',
  });
});

test('next to the edge of the mask a splice may differ, unless whole blocks were asked for', async () => {
  const image = await pipelineOf(wavePicture(size)).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer();
  const made = await inverted(image);
  expect(await proveOutside({ ...made, mask })).toMatchObject({ outside: 'touched-blocks' });
  await expect(proveOutside({ ...made, mask, isStrict: true })).rejects.toMatchObject({ code: 'NOT_EXACT' });
});

test('a JPEG that cannot be spliced is written anew, and says so', async () => {
  const { photo, patches, written } = await inverted(await lateTablesJpeg(wavePicture(size)));
  expect(written.way).toBe('re-encoded');
  const proof = await proveOutside({ photo, written, patches, mask });
  expect(proof).toMatchObject({
    outside: 're-encoded',
    reason: 'Expected quantisation tables before the first scan, got one later',
    comparedPixels: size.width * size.height - box.width * box.height,
  });
  expect(proof.differingPixels).toBeGreaterThan(0);
});

test('patches that overlap are never written', async () => {
  const { photo, patches } = await inverted(await pipelineOf(wavePicture(size)).png().toBuffer());
  const twice = writeOutput({
    photo,
    patches: [...patches, ...patches],
    isGenerated: false,
    encoding: undefined,
  });
  await expect(twice).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
});

test('a JPEG that cannot be spliced is refused where whole blocks were asked for', async () => {
  const photo = await readPhoto(await lateTablesJpeg(wavePicture(size)), limits);
  const { original } = await readCrop(photo, box);
  const patches = [{ box, original, edited: original }];
  await expect(
    writeOutput({ photo, patches, isGenerated: false, encoding: undefined, isStrict: true }),
  ).rejects.toMatchObject({ code: 'KIND_UNSUPPORTED' });
});
