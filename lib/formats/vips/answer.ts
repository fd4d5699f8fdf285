import { EditError } from '../../errors.ts';
import { type Raster, withChannels } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { sharp } from './loaders.ts';
import { asRgb, inOwnSpace } from './read.ts';
import { decoded } from './samples.ts';

/** The largest model answer known is 6,336 x 2,688 (21:9 at 4K). */
const maxAnswerPixels = 64_000_000;

/**
 * Decodes the answer of a model, in any format: H x W x 3, 8 bit sRGB, at its own size.
 *
 * @param sent what the model was asked to edit, H x W x 3: a transparent part of the answer shows it. Left
 * out: white.
 * @throws {EditError} `ENGINE_BAD_REPLY` when it is no whole picture.
 */
export async function decodeAnswer(bytes: Uint8Array, sent?: Raster): Promise<Raster> {
  const pipeline = sharp(bytes, { limitInputPixels: maxAnswerPixels }).toColourspace('srgb');
  const answer = await decoded(pipeline).catch((cause) => {
    throw noPicture(bytes, cause);
  });
  return answer.channels % 2 === 0 ? over(answer, sent) : asRgb(answer);
}

const whitePixel: Raster = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 255, 255) };

/** Composites a picture with alpha over another one, resized: `under + (answer - under) * alpha / 255`. */
function over(answer: Raster, sent: Raster = whitePixel): Raster {
  const out = rescale(sent, answer, 'area');
  const alpha = withChannels(answer, [answer.channels - 1]).data;
  const colours = asRgb(answer.channels === 2 ? withChannels(answer, [0]) : answer).data;
  for (let i = 0; i < out.data.length; i++) {
    const under = out.data[i]!;
    out.data[i] = Math.round(under + ((colours[i]! - under) * alpha[Math.trunc(i / 3)]!) / 255);
  }
  return out;
}

/** By the number of colours: which channels of an RGB or RGBA file hold them. */
const channelsOf: Readonly<Record<number, readonly number[]>> = {
  1: [0],
  2: [0, 3],
  3: [0, 1, 2],
  4: [0, 1, 2, 3],
};

/**
 * Decodes the answer of an engine that takes own colours: 8 bit, `colours` channels, no conversion. The file
 * is a PNG that calls them grey or RGB, with alpha for an even number; it may hold inks.
 *
 * @returns `undefined` when the file holds another number of channels.
 * @throws {EditError} `ENGINE_BAD_REPLY` when it is no picture.
 */
export async function decodeOwnAnswer(bytes: Uint8Array, colours: number): Promise<Raster | undefined> {
  const pipeline = sharp(bytes, { limitInputPixels: maxAnswerPixels, ignoreIcc: true });
  const raster = await decoded(inOwnSpace(pipeline, { space: 'srgb' })).catch((cause) => {
    throw noPicture(bytes, cause);
  });
  const hasFourth = raster.channels === 4;
  return hasFourth === (colours % 2 === 0) ? withChannels(raster, channelsOf[colours]!) : undefined;
}

const noPicture = (bytes: Uint8Array, cause: unknown) =>
  new EditError(
    'ENGINE_BAD_REPLY',
    `Expected the model to answer a whole picture, got ${bytes.length} bytes that are none`,
    { cause },
  );
