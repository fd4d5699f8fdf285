import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inspectContainer } from '../../../../lib/formats/formats.ts';
import { decodeAnswer } from '../../../../lib/formats/vips/answer.ts';
import { readHeader } from '../../../../lib/formats/vips/header.ts';
import { sharp } from '../../../../lib/formats/vips/loaders.ts';
import { pipelineOf, wavePicture } from '../../../support/pictures.ts';
import { pngFile } from '../../../support/png-files.ts';

const limits = { maxImageBytes: 10_000_000, maxImagePixels: 150_000_000 };

describe('formats that libvips could open but that are not offered', () => {
  // By default libvips opens each of them: it looks at bytes, not at names.
  const small = () => pipelineOf(wavePicture({ width: 8, height: 8 }));
  const files: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
    'an SVG behind a comment': () =>
      Buffer.from(`<!-- ${'x'.repeat(80)} --><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`),
    'an AVIF': () => small().avif().toBuffer(),
  };

  test.each(Object.entries(files))('%s', async (_, make) => {
    const bytes = await make();
    await expect(readHeader(bytes, limits)).rejects.toMatchObject({
      code: expect.stringMatching(/^(IMAGE_UNREADABLE|FORMAT_UNSUPPORTED)$/),
    });
    await expect(sharp(bytes).metadata()).rejects.toThrow();
  });

  test('a GIF, which only masks may be', async () => {
    const bytes = await small().gif().toBuffer();
    await expect(readHeader(bytes, limits)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    expect(await readHeader(bytes, limits, { role: 'mask' })).toMatchObject({ format: 'gif' });
  });

  test('no file is opened by its path', async () => {
    const path = join(tmpdir(), `hostile-${process.pid}.png`);
    await writeFile(
      path,
      await pipelineOf(wavePicture({ width: 8, height: 8 }))
        .png()
        .toBuffer(),
    );
    await expect(sharp(path).metadata()).rejects.toThrow(/unsupported/i);
  });
});

describe.each(['image', 'mask'] as const)('a bomb as %s', (role) => {
  const tooMany = { code: 'IMAGE_TOO_MANY_PIXELS' };

  test('a PNG of a few bytes that claims 60000 x 60000 pixels', async () => {
    const bytes = pngClaiming(60_000, 60_000);
    expect(bytes.length).toBeLessThan(200);
    await expect(readHeader(bytes, limits, { role, inspect: inspectContainer })).rejects.toMatchObject(
      tooMany,
    );
  });

  test('a PNG of one row, a million pixels wide', async () => {
    await expect(
      readHeader(pngClaiming(1_000_000, 1), limits, { role, inspect: inspectContainer }),
    ).rejects.toMatchObject(tooMany);
  });

  test('a JPEG that claims 65000 x 65000 pixels', async () => {
    const bytes = await pipelineOf(wavePicture({ width: 16, height: 16 }))
      .jpeg()
      .toBuffer();
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(65_000, frame + 5);
    bytes.writeUInt16BE(65_000, frame + 7);
    await expect(readHeader(bytes, limits, { role, inspect: inspectContainer })).rejects.toMatchObject(
      tooMany,
    );
  });
});

test('a bomb as the answer of a model', async () => {
  const bytes = pngClaiming(8001, 8000);
  await expect(decodeAnswer(bytes)).rejects.toMatchObject({
    code: 'ENGINE_BAD_REPLY',
    cause: { message: expect.stringContaining('exceeds pixel limit') },
  });
});

/** A PNG whose header promises more than its data holds. */
function pngClaiming(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bit grey.
  header[8] = 8;
  return pngFile([
    ['IHDR', header],
    ['IDAT', deflateSync(Buffer.alloc(64))],
    ['IEND', Buffer.alloc(0)],
  ]);
}
