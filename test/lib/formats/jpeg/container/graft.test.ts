import sharp from 'sharp';
import { expect, test } from 'vitest';
import { withMetadataOf } from '../../../../../lib/formats/jpeg/container/metadata.ts';
import { readSegments } from '../../../../../lib/formats/jpeg/container/segments.ts';
import { jpegFixture } from '../../../../support/jpeg-fixtures.ts';
import { encodeJpeg, picture } from '../../../../support/jpeg-pictures.ts';

const comment = Buffer.from('\xff\xfe\0\x07mine!\xff\xec\0\x06cam1', 'latin1');
const behind = (file: Uint8Array, segments: Buffer, trailer = '') =>
  Buffer.concat([file.subarray(0, 2), segments, file.subarray(2), Buffer.from(trailer)]);

test('segments and trailer come from the source in their order, tables and scans from what was written', async () => {
  const plain = await encodeJpeg(picture(32, 24, 3), { quality: 90 });
  const written = await encodeJpeg(picture(32, 24, 3), { quality: 40, chromaSubsampling: '4:4:4' });
  const source = behind(plain, comment, 'of a camera');
  const bytes = Buffer.from(
    withMetadataOf(source, behind(written, Buffer.from('\xff\xfe\0\x05new', 'latin1'))),
  );
  expect(bytes.subarray(2, 2 + comment.length)).toEqual(comment);
  expect(bytes.includes('new')).toBe(false);
  expect(bytes.subarray(-11).toString()).toBe('of a camera');
  const pixels = (file: Uint8Array) => sharp(file, { failOn: 'warning' }).raw().toBuffer();
  expect(await pixels(bytes)).toEqual(await pixels(written));
});

test('how samples are coded is told by the file that was written', async () => {
  // Of RGB, as Adobe's segment says; what is written is YCbCr.
  const source = jpegFixture('rgb');
  const written = await sharp(source).jpeg({ quality: 40 }).toBuffer();
  const bytes = withMetadataOf(source, written);
  expect(readSegments(bytes).filter(({ marker }) => marker === 0xee)).toHaveLength(0);
  const pixels = (file: Uint8Array) => sharp(file).raw().toBuffer();
  expect(await pixels(bytes)).toEqual(await pixels(written));
});
