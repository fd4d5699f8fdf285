import type { Raster } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { withProfileFile } from './profile-file.ts';
import { inOwnSpace, rawPixels } from './read.ts';
import { decoded } from './samples.ts';
import { isSrgb } from './srgb-profile.ts';

/**
 * Converts sRGB to the colours of a picture: grey, RGB or CMYK, with its ICC profile; alpha is none of them.
 * The result has the depth of `srgb`. Profiles are applied at 8 bit: at 16 bit sharp takes what has no
 * profile for Display P3.
 *
 * @param srgb H x W x 3, 8 or 16 bit (not for CMYK). @returns H x W x 1, 3 or 4.
 */
export async function toOwnColours(srgb: Raster, header: Header): Promise<Raster> {
  const isGrey = header.space === 'b-w' || header.space === 'grey16';
  const isCmyk = header.space === 'cmyk';
  const { icc } = header;
  if (isCmyk) return icc === undefined ? toInks(srgb) : withProfileFile(icc, (path) => toInks(srgb, path));
  const hasOwnProfile = icc !== undefined && !hasSrgbColours(header);
  if (hasOwnProfile && srgb.data instanceof Uint16Array) {
    return atDepth16(await toOwnColours(rescale(srgb, srgb), header));
  }
  if (!isGrey && !hasOwnProfile) return srgb;
  const { width, height, data } = srgb;
  const source = sharp(data, { raw: { width, height, channels: 3 } });
  if (hasOwnProfile) {
    const converted = source.toColourspace(isGrey ? 'b-w' : 'srgb');
    return withProfileFile(icc, (path) => decoded(converted.withIccProfile(path)));
  }
  const space = data instanceof Uint16Array ? 'grey16' : 'b-w';
  return decoded(inOwnSpace(source.toColourspace(space), { space }), space === 'grey16' ? 16 : 8);
}

/** True when RGB of the picture is sRGB: it has no profile, or that of sRGB. */
export function hasSrgbColours({ icc }: Pick<Header, 'icc'>): boolean {
  return icc === undefined || isSrgb(icc);
}

/** The same levels at 16 bit. */
function atDepth16(raster: Raster): Raster {
  return { ...raster, data: Uint16Array.from(raster.data, (level) => 257 * level) };
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
