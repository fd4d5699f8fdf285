import type { Raster } from '../../pixels/raster.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { withProfileFile } from './profile-file.ts';
import { inOwnSpace, rawPixels } from './read.ts';
import { decoded } from './samples.ts';
import { isSrgb } from './srgb-profile.ts';

/**
 * Converts a model's answer from sRGB to the colours of its picture: grey, RGB or CMYK, with its ICC profile.
 * The result has 8 bit, like the answer.
 *
 * @param answer H x W x 3. @returns H x W x 1, 3 or 4.
 */
export async function toOwnColours(answer: Raster, header: Header): Promise<Raster> {
  const isGrey = header.space === 'b-w' || header.space === 'grey16';
  const isCmyk = header.space === 'cmyk';
  const { icc } = header;
  if (isCmyk)
    return icc === undefined ? toInks(answer) : withProfileFile(icc, (path) => toInks(answer, path));
  const needsProfile = icc !== undefined && !isSrgb(icc);
  if (!isGrey && !needsProfile) return answer;
  const { width, height, data } = answer;
  const source = sharp(data, { raw: { width, height, channels: 3 } });
  if (!needsProfile) return decoded(inOwnSpace(source.toColourspace('b-w'), { space: 'b-w' }));
  const converted = source.toColourspace(isGrey ? 'b-w' : 'srgb');
  return withProfileFile(icc, (path) => decoded(converted.withIccProfile(path)));
}

/** On photos the shown colour is off by 7 levels after the first round, then by 2, 1 and 0.6. */
const inkRounds = 4;

/**
 * Converts 8 bit sRGB to inks that are displayed in these colours: H x W x 4, 255 = full ink.
 *
 * libvips converts with the perceptual intent in both directions, and one is not the inverse of the other:
 * blacks would be lifted twice. So the requested colour is corrected by the error of the displayed one, a few
 * times (fixed point).
 */
async function toInks({ width, height, data }: Raster, profile?: string): Promise<Raster> {
  const target = Float32Array.from(data);
  for (let round = 1; ; round++) {
    const asked = sharp(Uint8ClampedArray.from(target), { raw: { width, height, channels: 3 } });
    // Without a profile libvips uses its own CMYK profile, as it did for the model's input.
    const inks = profile === undefined ? asked.toColourspace('cmyk') : asked.withIccProfile(profile);
    const file = await inks.tiff({ compression: 'none' }).toBuffer();
    if (round === inkRounds) return rawPixels(file, { space: 'cmyk', channels: 4, depth: 8 });
    const shown = await decoded(sharp(file, { limitInputPixels: false }).toColourspace('srgb'));
    for (let i = 0; i < target.length; i++) {
      target[i] = Math.min(255, Math.max(0, target[i]! + data[i]! - shown.data[i]!));
    }
  }
}
