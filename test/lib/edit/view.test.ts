import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { editor } from '../../../lib/edit.ts';
import type { InpaintEngine } from '../../../lib/engines/engine.ts';
import { engineFor } from '../../../lib/engines/engines.ts';
import { engineCodec } from '../../../lib/formats/vips/engine-codec.ts';
import { readHeader } from '../../../lib/formats/vips/header.ts';
import { rawPixels } from '../../../lib/formats/vips/read.ts';
import { boundingBox, paste } from '../../../lib/pixels/box.ts';
import type { Raster } from '../../../lib/pixels/raster.ts';
import { parseRequest } from '../../../lib/requests/edit-request.ts';
import { type Paint, paintEngine } from '../../support/engines.ts';
import { modelSettings } from '../../support/fake-model.ts';
import { greyProfile, matrixProfile } from '../../support/icc-profiles.ts';
import { boxMask, maskPng, noisePicture, pipelineOf, random, wavePicture } from '../../support/pictures.ts';

const limits = { maxImageBytes: 1e7, maxImagePixels: 1e7 };
const defaults = { featherPx: 8, dilationPx: 0, modelDilation: 0, maxRegions: 4, maxTiles: 16 };
const size = { width: 96, height: 80 };
const box = { left: 36, top: 28, width: 24, height: 24 };
const mask = boxMask(size, box);
const patchmatch = await engineFor({ engine: 'patchmatch', model: undefined }, modelSettings, {
  codec: engineCodec,
});

async function pixels(bytes: Uint8Array): Promise<Raster> {
  return rawPixels(bytes, await readHeader(bytes, limits));
}

async function edited(image: Uint8Array, engine: InpaintEngine, request: object = {}): Promise<Raster> {
  const { outputs } = await editor({ engine, limits, defaults })(
    { image, mask: await maskPng(mask), request: parseRequest(request) },
    new AbortController().signal,
  );
  return pixels(outputs[0]!.bytes);
}

/** A painted picture of `size`, of 8 bit. */
function picture(channels: 3 | 4, colourAt: (x: number, y: number) => readonly number[]): Raster {
  const data = new Uint8Array(size.width * size.height * channels);
  for (let p = 0; p < size.width * size.height; p++) {
    data.set(colourAt(p % size.width, Math.floor(p / size.width)), p * channels);
  }
  return { ...size, channels, data };
}

/** Signature and IHDR of a PNG end here. */
const afterHeader = 33;

const isInBox = (x: number, y: number, by = 0) =>
  x >= box.left + by && x < box.left + box.width - by && y >= box.top + by && y < box.top + box.height - by;

const noise = (channels: 1 | 2 | 3 | 4, depth: 8 | 16 = 8) =>
  pipelineOf(noisePicture({ ...size, channels, depth }));
/** A PNG whose samples stay as they are: only the profile says what colours they are. */
async function withTag(picture: Raster, profile: Buffer): Promise<Buffer> {
  const png = await pipelineOf(picture).png().toBuffer();
  const body = Buffer.concat([Buffer.from('iCCPtest\0\0', 'latin1'), deflateSync(profile)]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, afterHeader), length, body, check, png.subarray(afterHeader)]);
}

describe('an engine that returns what it was sent, but for a spot', () => {
  const same = (changes: Partial<InpaintEngine> = {}) => paintEngine(spotted, changes).engine;
  const square = { frames: { kind: 'fixed', sizes: [{ width: 256, height: 256 }] } } as const;
  const inks = (raster: Raster) => pipelineOf(raster).toColourspace('cmyk').tiff().toBuffer();
  const smooth = wavePicture(size);
  const smooth16 = { ...smooth, data: Uint16Array.from(smooth.data, (level, i) => 256 * level + (i % 200)) };

  test.each<[string, () => Promise<Uint8Array>]>([
    ['CMYK', () => inks(noisePicture({ ...size, channels: 3, depth: 8 }))],
    ['Display P3', () => noise(3).withIccProfile('p3').png().toBuffer()],
    ['ProPhoto', () => withTag(noisePicture({ ...size, channels: 3, depth: 8 }), matrixProfile('proPhoto'))],
    [
      'Adobe RGB of 16 bit',
      () => withTag(noisePicture({ ...size, channels: 3, depth: 16 }), matrixProfile('adobeRgb')),
    ],
    ['RGB of 16 bit', () => noise(3, 16).png().toBuffer()],
    ['RGB of 16 bit with alpha', () => noise(4, 16).png().toBuffer()],
    ['grey', () => noise(1).png().toBuffer()],
    ['grey of 16 bit', () => noise(1, 16).png().toBuffer()],
    ['grey with alpha', () => noise(2).png().toBuffer()],
    [
      'grey with a profile',
      () => withTag(noisePicture({ ...size, channels: 1, depth: 8 }), greyProfile(1.8)),
    ],
    ['RGB with alpha', () => noise(4).png().toBuffer()],
  ])('changes nothing in %s', async (_, make) => {
    expect(await mostChanged(await make(), same())).toBe(0);
  });

  test.each<[string, () => Promise<Uint8Array>]>([
    ['CMYK with a profile', () => pipelineOf(smooth).withIccProfile('cmyk').tiff().toBuffer()],
    ['RGB of 16 bit', () => pipelineOf(smooth16).png().toBuffer()],
  ])('changes next to nothing in %s in an enlarged frame', async (_, make) => {
    expect(await mostChanged(await make(), same(square))).toBeLessThanOrEqual(6);
  });
});

/** An answer that shows the picture as it was is no answer: a spot in the middle of the mask is new. */
const spotted: Paint = ({ crop, mask }) => {
  const spot = boundingBox(mask!)!;
  const sides = { width: Math.ceil(spot.width / 3), height: Math.ceil(spot.height / 3) };
  const data = Uint8Array.from(crop.data);
  const answer = { ...crop, data };
  const at = { left: spot.left + sides.width, top: spot.top + sides.height };
  const value = crop.data[(at.top * crop.width + at.left) * crop.channels]! > 127 ? 0 : 255;
  const flat = new Uint8Array(sides.width * sides.height * crop.channels).fill(value);
  paste(answer, { ...crop, ...sides, data: flat }, at);
  return answer;
};

/** The largest change of any sample in the mask beside the spot, and around the mask. */
async function mostChanged(image: Uint8Array, engine: InpaintEngine): Promise<number> {
  const before = await pixels(image);
  const after = await edited(image, engine, { mode: 'insertion', prompt: 'a spot' });
  const { width, channels } = before;
  let most = 0;
  for (const [i, value] of after.data.entries()) {
    const p = Math.floor(i / channels);
    if (isInBox(p % width, Math.floor(p / width), 4)) continue;
    most = Math.max(most, Math.abs(value - before.data[i]!));
  }
  return most;
}

describe('colours beyond sRGB', () => {
  const proPhoto = matrixProfile('proPhoto');
  const next = random(5);
  const vivid = picture(3, (x, y) =>
    isInBox(x, y, 4) ? [255, 255, 255] : [20 * next(), 150 + 100 * next(), 60 * next()],
  );

  test('keep their texture where the embedded engine continues them', async () => {
    const after = await edited(await withTag(vivid, proPhoto), patchmatch);
    for (const c of [0, 1, 2]) {
      const inside = spreadOf(after, c, (x, y) => isInBox(x, y));
      const outside = spreadOf(after, c, (x, y) => !isInBox(x, y));
      expect(Math.abs(inside / outside - 1)).toBeLessThan(0.2);
    }
  });

  /** A model that fills the mask with the colour beside it. */
  const continues: Paint = ({ crop, mask }) => {
    const data = Uint8Array.from(crop.data);
    mask?.data.forEach((value, p) => {
      if (value > 0) data.set(crop.data.subarray(0, 3), p * 3);
    });
    return { ...crop, data };
  };
  const flat = (wall: readonly number[], thing: readonly number[]) =>
    withTag(
      picture(3, (x, y) => (isInBox(x, y, 4) ? thing : wall)),
      proPhoto,
    );
  const middle = ({ data, channels }: Raster) => [
    ...data.subarray((40 * size.width + 48) * channels, (40 * size.width + 48) * channels + 3),
  ];

  test('are those of the surroundings where a model continues a surface', async () => {
    const after = await edited(await flat([10, 200, 30], [90, 90, 120]), paintEngine(continues).engine);
    for (const [c, level] of [10, 200, 30].entries()) {
      expect(Math.abs(middle(after)[c]! - level)).toBeLessThanOrEqual(2);
    }
  });

  test('of a removed thing leave nothing behind', async () => {
    const after = await edited(await flat([90, 90, 90], [10, 200, 30]), paintEngine(continues).engine);
    for (const level of middle(after)) expect(Math.abs(level - 90)).toBeLessThanOrEqual(1);
  });
});

function spreadOf({ data, channels }: Raster, c: number, isMeant: (x: number, y: number) => boolean): number {
  const values: number[] = [];
  for (let p = 0; p < size.width * size.height; p++) {
    if (isMeant(p % size.width, Math.floor(p / size.width))) values.push(data[p * channels + c]!);
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

describe('a thing over transparency', () => {
  /** The left half is opaque; a white thing reaches from there over what is transparent. */
  const cutout = picture(4, (x, y) =>
    isInBox(x, y, 4) ? [255, 255, 255, 255] : x < 42 ? [200, 30, 30, 255] : [0, 0, 0, 0],
  );
  /** Continues what it sees: red on the left, white on the right. */
  const model: Paint = ({ crop, mask }) => {
    const data = Uint8Array.from(crop.data);
    mask?.data.forEach((value, p) => {
      const x = p % crop.width;
      const from = x < 42 - 48 + crop.width / 2 ? 0 : crop.width - 1;
      if (value > 0) data.set(crop.data.subarray(3 * from, 3 * from + 3), p * 3);
    });
    return { ...crop, data };
  };
  const at = ({ data }: Raster, x: number, y: number) => [
    ...data.subarray((y * size.width + x) * 4, (y * size.width + x) * 4 + 4),
  ];

  test.each([
    ['the embedded engine', patchmatch],
    ['a model', paintEngine(model).engine],
  ])('is replaced by transparency when %s removes it', async (_, engine) => {
    const after = await edited(await pipelineOf(cutout).png().toBuffer(), engine);
    for (const x of [46, 50, 54]) expect(at(after, x, 40)).toEqual([0, 0, 0, 0]);
    expect(at(after, 39, 40)).toEqual([200, 30, 30, 255]);
  });

  test('alpha stays when a model inserts something', async () => {
    const request = { mode: 'insertion', prompt: 'a lamp' };
    const after = await edited(await pipelineOf(cutout).png().toBuffer(), paintEngine(model).engine, request);
    for (const [i, value] of cutout.data.entries()) if (i % 4 === 3) expect(after.data[i]).toBe(value);
  });
});
