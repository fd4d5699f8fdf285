import { createHash, randomUUID } from 'node:crypto';
import { access, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Raster } from '../raster.ts';
import { decoded } from './decoded.ts';
import type { Header } from './header.ts';
import { sharp } from './loaders.ts';
import { inOwnSpace } from './read.ts';

/**
 * A model's answer, 8 bit sRGB -> the colours of the picture it belongs to: grey or RGB, its ICC profile,
 * 8 bit whatever the picture's depth (the model gave no more).
 *
 * @param answer H x W x 3. @returns H x W x 1 or 3.
 */
export async function toOwnColours(answer: Raster, header: Header): Promise<Raster> {
  const isGrey = header.space === 'b-w' || header.space === 'grey16';
  const needsProfile = header.icc !== undefined && !isSrgb(header.icc);
  if (!isGrey && !needsProfile) return answer;
  const { width, height, data } = answer;
  const source = sharp(data, { raw: { width, height, channels: 3 } });
  const converted = needsProfile
    ? source.toColourspace(isGrey ? 'b-w' : 'srgb').withIccProfile(await profileFile(header.icc))
    : inOwnSpace(source.toColourspace('b-w'), { space: 'b-w' });
  return decoded(converted);
}

/** The description of every sRGB profile in use says so; a false "no" costs one exact conversion. */
function isSrgb(icc: Uint8Array): boolean {
  const text = Buffer.from(icc).toString('latin1').replaceAll('\0', '');
  return /sRGB/.test(text);
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
