import { createHash, randomUUID } from 'node:crypto';
import { access, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Raster } from '../raster.ts';
import { decoded } from './decoded.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { inOwnSpace, rawPixels } from './read.ts';
import { isSrgb } from './srgb-profile.ts';

/**
 * A model's answer, 8 bit sRGB -> the colours of the picture it belongs to: grey, RGB or CMYK, its ICC profile,
 * 8 bit whatever the picture's depth (the model gave no more).
 *
 * @param answer H x W x 3. @returns H x W x 1, 3 or 4.
 */
export async function toOwnColours(answer: Raster, header: Header): Promise<Raster> {
  const isGrey = header.space === 'b-w' || header.space === 'grey16';
  const isCmyk = header.space === 'cmyk';
  const needsProfile = header.icc !== undefined && !isSrgb(header.icc);
  if (isCmyk) return toInks(answer, header.icc);
  if (!isGrey && !needsProfile) return answer;
  const { width, height, data } = answer;
  const source = sharp(data, { raw: { width, height, channels: 3 } });
  const converted = needsProfile
    ? source.toColourspace(isGrey ? 'b-w' : 'srgb').withIccProfile(await profileFile(header.icc))
    : inOwnSpace(source.toColourspace('b-w'), { space: 'b-w' });
  return decoded(converted);
}

/** On photos the shown colour is 7 levels off at first, then 2, 1 and 0.6. */
const inkRounds = 4;

/**
 * 8 bit sRGB -> the inks that are shown in these colours: H x W x 4, 255 = full ink.
 *
 * libvips converts with the perceptual intent both ways, and its way back is not the inverse of the way to the model: blacks
 * would be lifted twice. So the colour asked for is moved by what the shown one misses, a few times (fixed point).
 */
async function toInks(answer: Raster, icc: Uint8Array | undefined): Promise<Raster> {
  const { width, height, data } = answer;
  const profile = icc === undefined ? undefined : await profileFile(icc);
  const target = Float32Array.from(data);
  for (let round = 1; ; round++) {
    const asked = sharp(Uint8ClampedArray.from(target), { raw: { width, height, channels: 3 } });
    // Without a profile libvips takes its own for CMYK, as it did on the way to the model.
    const inks = profile === undefined ? asked.toColourspace('cmyk') : asked.withIccProfile(profile);
    const file = await inks.tiff({ compression: 'none' }).toBuffer();
    if (round === inkRounds) return rawPixels(file, { space: 'cmyk', channels: 4, depth: 8 });
    const shown = await decoded(sharp(file, { limitInputPixels: false }).toColourspace('srgb'));
    for (let i = 0; i < target.length; i++) {
      target[i] = Math.min(255, Math.max(0, target[i]! + data[i]! - shown.data[i]!));
    }
  }
}

/**
 * libvips reads output profiles from files only, so the picture's profile is laid down under its checksum: written
 * once for each profile and process, complete before it carries its name.
 */
async function profileFile(icc: Uint8Array | undefined): Promise<string> {
  const bytes = icc ?? new Uint8Array();
  const path = join(tmpdir(), `icc-${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.icc`);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return path;
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, bytes);
  await rename(partial, path);
  return path;
}
