import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { readPngChunks } from '../../../../lib/formats/png/chunks.ts';
import { withoutExifThumbnail } from '../../../../lib/formats/vips/write.ts';
import { exifWithThumbnail } from '../../../support/exif-files.ts';
import { withChunks } from '../../../support/png-files.ts';

it('wipes the thumbnail of a PNG, whose checksums stay right', async () => {
  const create = { width: 4, height: 3, channels: 3, background: 'red' } as const;
  const png = withChunks(await sharp({ create }).png().toBuffer(), [['eXIf', exifWithThumbnail()]]);
  const bare = await withoutExifThumbnail(png);
  expect(png.includes('THUMBNAIL-OF')).toBe(true);
  expect(bare.includes('THUMBNAIL-OF')).toBe(false);
  const { chunks } = readPngChunks(bare);
  expect(chunks.map(({ raw }) => Buffer.from(raw).readUInt32BE(raw.length - 4))).toEqual(
    chunks.map(({ raw }) => crc32(raw.subarray(4, -4))),
  );
});
