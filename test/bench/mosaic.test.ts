import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { noisePicture, pipelineOf } from '../support/pictures.ts';

/** A size no bench asks for: its files are taken away again. */
const megapixels = 0.0213;
const cache = new URL('../../.local/bench/', import.meta.url);

afterEach(async () => {
  vi.unstubAllEnvs();
  const names = await readdir(cache).catch(() => []);
  for (const name of names.filter((one) => one.includes(`-${megapixels}.`))) await rm(new URL(name, cache));
});

/** The mosaic with the photos of a folder, in a module that has seen no other. */
async function mosaicOf(folder: string): Promise<Buffer> {
  vi.stubEnv('PHOTOS', folder);
  vi.resetModules();
  const { mosaic } = await import('./mosaic.ts');
  return mosaic(megapixels, 'jpeg');
}

it('makes another mosaic when there are photos where there were none, or others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mosaic-'));
  const put = (seed: number) =>
    pipelineOf(noisePicture({ width: 220, height: 160, channels: 3, depth: 8, seed }))
      .jpeg()
      .toFile(join(folder, 'large', 'photo.jpg'));
  try {
    const waves = await mosaicOf(join(folder, 'nothing'));
    await mkdir(join(folder, 'large'));
    await put(1);
    const photos = await mosaicOf(folder);
    await put(2);
    const others = await mosaicOf(folder);
    expect(photos.equals(waves)).toBe(false);
    expect(others.equals(photos)).toBe(false);
    expect((await mosaicOf(folder)).equals(others)).toBe(true);
    expect((await mosaicOf(join(folder, 'nothing'))).equals(waves)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
