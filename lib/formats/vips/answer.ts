import { EditError } from '../../errors.ts';
import type { Raster } from '../../pixels/raster.ts';
import { sharp } from './loaders.ts';
import { asRgb } from './read.ts';
import { decoded } from './samples.ts';

/** The largest model answer known is 6,336 x 2,688 (21:9 at 4K). */
const maxAnswerPixels = 64_000_000;

/**
 * Decodes the answer of a model, in any format: H x W x 3, 8 bit sRGB, at its own size.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when it is no whole picture.
 */
export async function decodeAnswer(bytes: Uint8Array): Promise<Raster> {
  try {
    const pipeline = sharp(bytes, { limitInputPixels: maxAnswerPixels })
      .flatten({ background: '#fff' })
      .toColourspace('srgb');
    return asRgb(await decoded(pipeline));
  } catch (cause) {
    throw new EditError(
      'ENGINE_BAD_REPLY',
      `Expected the model to answer a whole picture, got ${bytes.length} bytes that are none`,
      { cause },
    );
  }
}
