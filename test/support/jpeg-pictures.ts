import sharp, { type JpegOptions, type Sharp } from 'sharp';
import { marker, readSegments } from '../../lib/formats/jpeg/container/segments.ts';
import { sparseCmyk } from '../../lib/formats/vips/sparse-cmyk.ts';
import type { Mask, Raster } from '../../lib/pixels/raster.ts';
import { random } from './pictures.ts';

/** Waves, edges and some noise: all frequencies occur, no value is clipped for long. */
export function picture(width: number, height: number, channels: 1 | 3 | 4, seed = 1): Raster {
  const next = random(seed);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const wave = 50 * Math.sin((x * (c + 1)) / 17 + seed) + 40 * Math.cos(y / (9 + c));
        const edge = (x >> 4) % 3 === (y >> 5) % 3 ? 25 : -15;
        data[(y * width + x) * channels + c] = Math.max(
          0,
          Math.min(255, 128 + wave + edge + 24 * (next() - 0.5)),
        );
      }
    }
  }
  return { width, height, channels, data };
}

export async function encodeJpeg(raster: Raster, options: JpegOptions = {}): Promise<Uint8Array> {
  const { width, height, data } = raster;
  if (raster.channels === 4) return cmykPipeline(raster).jpeg(options).toBuffer();
  const channels = raster.channels as 1 | 3;
  const image = sharp(data, { raw: { width, height, channels } });
  return (channels === 1 ? image.toColourspace('b-w') : image).jpeg(options).toBuffer();
}

/** Four inks as a pipeline that stays CMYK, 255 = full ink. */
function cmykPipeline(raster: Raster): Sharp {
  const box = { left: 0, top: 0, width: raster.width, height: raster.height };
  return sharp(sparseCmyk(raster, [{ box, raster }]))
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk');
}

/** CMYK as Photoshop writes it: three inks as YCbCr of their inverse, as Adobe's marker says. */
export async function encodeYcck(raster: Raster, options: JpegOptions = {}): Promise<Uint8Array> {
  const data = Uint8Array.from(raster.data);
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    const stored = [luma, 128 + 0.564 * (b - luma), 128 + 0.713 * (r - luma)];
    // The encoder stores 255 - value.
    stored.forEach((value, c) => {
      data[i + c] = Math.round(255 - Math.min(255, Math.max(0, value)));
    });
  }
  const jpeg = Uint8Array.from(await encodeJpeg({ ...raster, data }, options));
  const adobe = readSegments(jpeg).find(({ marker: code }) => code === marker.app14)!;
  jpeg[adobe.dataOffset + 11] = 2;
  return jpeg;
}

/** Decodes with libjpeg and without colour conversion; fails on warnings. */
export async function decodeJpeg(bytes: Uint8Array): Promise<Raster> {
  const { channels } = await sharp(bytes).metadata();
  const image = sharp(bytes, { failOn: 'warning' });
  const space = { 1: 'b-w', 3: 'srgb', 4: 'cmyk' }[channels as 1 | 3 | 4];
  const stored = image.pipelineColourspace(space).toColourspace(space);
  const { data, info } = await stored.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** A filled ellipse with every pixel 0 or 255. */
export function ellipse({ width, height }: { width: number; height: number }): Mask {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = (2 * (x + 0.5)) / width - 1;
      const dy = (2 * (y + 0.5)) / height - 1;
      data[y * width + x] = dx * dx + dy * dy <= 1 ? 255 : 0;
    }
  }
  return { width, height, channels: 1, data };
}

/** `edited` where the mask is above 127, else `original`. */
export function paste(original: Raster, edited: Raster, mask: Mask): Raster {
  const data = Uint8Array.from(original.data);
  for (let i = 0; i < data.length; i++) {
    if (mask.data[Math.floor(i / original.channels)]! > 127) data[i] = edited.data[i]!;
  }
  return { ...original, data };
}
