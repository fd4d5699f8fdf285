import { expect, test } from 'vitest';
import { writeOutput } from '../../../lib/edit/write.ts';
import { lateTablesJpeg } from '../../support/late-tables.ts';
import { formatOf, invertBox, prove } from '../../support/patched-photo.ts';
import { noisePicture, pipelineOf, wavePicture } from '../../support/pictures.ts';

const size = { width: 96, height: 64 };
const box = { left: 33, top: 21, width: 20, height: 20 };
const jpeg = () => pipelineOf(wavePicture(size)).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer();
const notExact = { code: 'NOT_EXACT' };

test('a lossless output that differs in one pixel outside the mask is not published (G2)', async () => {
  const raster = noisePicture({ ...size, channels: 3, depth: 8 });
  const made = await invertBox(await pipelineOf(raster).png().toBuffer(), box);
  expect(await prove(made)).toMatchObject({ outside: 'exact' });
  const data = Uint8Array.from(raster.data);
  data[0]! ^= 1;
  const bytes = await pipelineOf({ ...raster, data })
    .png()
    .toBuffer();
  await expect(prove({ ...made, written: { ...made.written, bytes } })).rejects.toMatchObject(notExact);
});

test('a spliced JPEG that differs outside the touched blocks is not published (G2)', async () => {
  const made = await invertBox(await jpeg(), box);
  expect(made.written.isSpliced).toBe(true);
  expect(await prove(made)).toMatchObject({ outside: 'touched-blocks' });
  const bytes = await pipelineOf(wavePicture(size)).jpeg({ quality: 40 }).toBuffer();
  await expect(prove({ ...made, written: { ...made.written, bytes } })).rejects.toMatchObject(notExact);
});

test('a spliced JPEG may differ next to the mask, unless whole blocks were asked for (G1)', async () => {
  const made = await invertBox(await jpeg(), box);
  expect(await prove(made)).toMatchObject({ outside: 'touched-blocks' });
  await expect(prove({ ...made, isStrict: true })).rejects.toMatchObject(notExact);
});

test('a JPEG that cannot be spliced is encoded again, and the proof says so', async () => {
  const made = await invertBox(await lateTablesJpeg(wavePicture(size)), box);
  expect(made.written.isSpliced).toBe(false);
  const proof = await prove(made);
  expect(proof).toMatchObject({
    outside: 're-encoded',
    reason: 'Expected quantisation tables before the first scan, got one later',
    comparedPixels: size.width * size.height - box.width * box.height,
  });
  expect(proof.differingPixels).toBeGreaterThan(0);
});

test('a JPEG that cannot be spliced is refused where whole blocks were asked for', async () => {
  const image = await lateTablesJpeg(wavePicture(size));
  await expect(invertBox(image, box, { isStrict: true })).rejects.toMatchObject({ code: 'KIND_UNSUPPORTED' });
});

test('patches that overlap are never written', async () => {
  const { photo, patches } = await invertBox(await pipelineOf(wavePicture(size)).png().toBuffer(), box);
  const output = { format: formatOf(photo), encoding: undefined };
  await expect(
    writeOutput(output, { photo, patches: [...patches, ...patches], isGenerated: false }),
  ).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
});
