import type { InpaintEngine } from '../engines/engine.ts';
import { withAlpha } from '../fit/alpha.ts';
import { decodeAnswer, decodeOwnAnswer } from '../formats/vips/answer.ts';
import type { Header } from '../formats/vips/header.ts';
import { hasSrgbColours, toOwnColours } from '../formats/vips/own-space.ts';
import { asRgb, type Crop, readCropAsSrgb } from '../formats/vips/read.ts';
import { boxOf } from '../pixels/box.ts';
import { firstChannels, type Raster, type Size, samplesPerLevel } from '../pixels/raster.ts';
import { resample, rescale } from '../pixels/resample.ts';
import type { FittedAnswer } from './answer.ts';
import { carrySrgbBack } from './carry.ts';

/** A crop in the colours of its engine, and the way back from there. */
export interface View {
  /** The crop at its own size and depth: answers are compared with it and blended into it. */
  readonly crop: Raster;
  /** Channels of an answer. A further channel of the crop is alpha: it stays. */
  readonly colours: number;
  /** What the engine sees of it: 8 bit, without the channels that it does not answer. */
  readonly seenAt: (size: Size) => Promise<Raster>;
  /** Decodes an answer of any size to the picture that was sent. */
  readonly decode: (bytes: Uint8Array, sent: Raster) => Promise<Raster>;
  /** Brings a fitted answer to the picture's own colours. `isRemoval`: alpha follows the surroundings. */
  readonly toOwn: (fitted: FittedAnswer, isRemoval: boolean) => Promise<FittedAnswer>;
}

interface Viewed {
  readonly crop: Crop;
  readonly header: Header;
  /** False when alpha is below its maximum anywhere in the crop. */
  readonly isOpaque: boolean;
}

/**
 * Chooses the colours in which a crop goes to an engine and its answers are judged.
 *
 * @param options.content the size at which the engine sees the crop.
 */
export async function viewOf(options: {
  readonly crop: Crop;
  readonly header: Header;
  readonly engine: InpaintEngine;
  readonly content: Size;
}): Promise<View> {
  const { crop, header, engine, content } = options;
  const viewed = { crop, header, isOpaque: !header.hasAlpha || isOpaque(crop.original) };
  if (viewed.isOpaque && header.space === 'srgb' && hasSrgbColours(header)) return srgbPicture(viewed);
  return engine.takesOwnColours ? ownColours(viewed) : srgbOfOthers(viewed, content);
}

function isOpaque({ channels, data }: Raster): boolean {
  const most = 255 * samplesPerLevel(data);
  for (let i = channels - 1; i < data.length; i += channels) if (data[i] !== most) return false;
  return true;
}

const coloursOf = ({ header }: Viewed) => header.channels - (header.hasAlpha ? 1 : 0);

/** A picture of 8 bit sRGB is seen as it is. */
function srgbPicture(viewed: Viewed): View {
  const { crop, header } = viewed;
  return {
    crop: crop.original,
    colours: coloursOf(viewed),
    seenAt: (size) => readCropAsSrgb(crop, header, size),
    decode: decodeAnswer,
    toOwn: async (fitted) => fitted,
  };
}

/** Nothing is converted, so nothing is lost. Alpha is one more colour where not all is opaque. */
function ownColours(viewed: Viewed): View {
  const { crop, header, isOpaque } = viewed;
  const { original } = crop;
  const colours = isOpaque ? coloursOf(viewed) : header.channels;
  return {
    crop: original,
    colours,
    seenAt: async (size) => rescale(firstChannels(original, colours), size, 'area'),
    decode: async (bytes, sent) =>
      (await decodeOwnAnswer(bytes, colours)) ?? ownOfSrgb(viewed, await decodeAnswer(bytes, asRgb(sent))),
    toOwn: async (fitted) => fitted,
  };
}

/** A picture at another size and depth, as `blend` would sample and round it. */
function blendable(source: Raster, { width, height }: Size, depth: 8 | 16): Raster {
  const isInPlace = source.width === width && source.height === height;
  if (isInPlace && depth === 8) return source;
  const levels = resample({ source, window: boxOf(source), size: { width, height }, kernel: 'cubic' });
  const { channels } = source;
  const data = depth === 16 ? new Uint16Array(levels.data.length) : new Uint8Array(levels.data.length);
  const perLevel = samplesPerLevel(data);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.max(0, Math.min(255 * perLevel, levels.data[i]! * perLevel + 0.5));
  }
  return { width, height, channels, data };
}

/** Jobs of version 0.1 kept sRGB answers without alpha. */
async function ownOfSrgb({ crop, header, isOpaque }: Viewed, answer: Raster): Promise<Raster> {
  const own = await toOwnColours(answer, header);
  return isOpaque ? own : withAlpha(own, rescale(crop.original, own, 'area'));
}

/** Other colours, 16 bit and transparency are seen in sRGB, on white; only the difference is brought back. */
async function srgbOfOthers(viewed: Viewed, content: Size): Promise<View> {
  const { crop, header, isOpaque } = viewed;
  const { original, box } = crop;
  const sent = await readCropAsSrgb(crop, header, content);
  const isEnlarged = content.width > box.width || content.height > box.height;
  // What an unchanged answer becomes: enlarging and reducing is no identity. Beside transparency its
  // overshoot would be all that registration sees.
  const seen = isEnlarged && isOpaque ? sent : await readCropAsSrgb(crop, header, box);
  const atDepth = blendable(seen, box, header.depth);
  const compared = isOpaque ? atDepth : withAlpha(atDepth, original);
  return {
    crop: compared,
    colours: 3,
    seenAt: async (size) =>
      size.width === content.width && size.height === content.height
        ? sent
        : readCropAsSrgb(crop, header, size),
    decode: decodeAnswer,
    toOwn: (fitted, isRemoval) =>
      carrySrgbBack({
        fitted,
        crop: compared,
        original,
        convert: (srgb) => toOwnColours(srgb, header),
        followsAlpha: isRemoval,
      }),
  };
}
