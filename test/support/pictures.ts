import { sharp } from '../../lib/formats/vips/loaders.ts';
import type { Box, Mask, Raster, Size } from '../../lib/pixels/raster.ts';

/** A repeatable stream of numbers 0..1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Kind extends Size {
  readonly channels: 1 | 2 | 3 | 4;
  readonly depth: 8 | 16;
  readonly seed?: number;
}

/** Every sample random: nothing survives a lossy step unseen. */
export function noisePicture({ width, height, channels, depth, seed = 1 }: Kind): Raster {
  const next = random(seed);
  const count = width * height * channels;
  const data = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) data[i] = Math.floor(next() * (depth === 16 ? 65536 : 256));
  return { width, height, channels, data };
}

/** A soft landscape of waves: something registration and harmonising can hold on to. */
export function wavePicture({ width, height }: Size): Raster {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = 128 + 50 * Math.sin(x / 7) * Math.cos(y / 9) + 30 * Math.sin((x + 2 * y) / 17);
      const i = (y * width + x) * 3;
      data[i] = value;
      data[i + 1] = value * 0.8 + 20;
      data[i + 2] = 255 - value;
    }
  }
  return { width, height, channels: 3, data };
}

const spaceOf = (channels: number, depth: number) =>
  channels < 3 ? (depth === 16 ? 'grey16' : 'b-w') : depth === 16 ? 'rgb16' : 'srgb';

/** A raster as a sharp pipeline in its own space, to be encoded by the test. */
export function pipelineOf({ width, height, channels, data }: Raster) {
  const space = spaceOf(channels, data.BYTES_PER_ELEMENT * 8);
  return sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } })
    .pipelineColourspace(space)
    .toColourspace(space);
}

/** 255 inside the box, 0 outside. */
export function boxMask({ width, height }: Size, box: Box, value = 255): Mask {
  const data = new Uint8Array(width * height);
  for (let y = box.top; y < box.top + box.height; y++) {
    data.fill(value, y * width + box.left, y * width + box.left + box.width);
  }
  return { width, height, channels: 1, data };
}

export const maskPng = (mask: Mask) => pipelineOf(mask).png().toBuffer();
