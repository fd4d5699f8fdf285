import sharp from 'sharp';
import type { Raster } from '../../lib/pixels/raster.ts';

/**
 * Every value a file decodes to, told by libvips alone: no profile is applied, no space or depth changed, and
 * no code of this project is asked. A raw buffer of libvips holds the bands as they were loaded.
 *
 * @param options.upright turned as the EXIF orientation says.
 */
export async function decodedValues(
  bytes: Uint8Array,
  { upright = false }: { readonly upright?: boolean } = {},
): Promise<Raster> {
  const { space, depth } = await sharp(bytes).metadata();
  const pipeline = sharp(bytes, { ignoreIcc: true, failOn: 'warning', autoOrient: upright })
    .pipelineColourspace(space)
    .toColourspace(space);
  const wide = depth === 'ushort';
  const { data, info } = await pipeline
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const samples = Uint8Array.from(data);
  return { width, height, channels, data: wide ? new Uint16Array(samples.buffer) : samples };
}
