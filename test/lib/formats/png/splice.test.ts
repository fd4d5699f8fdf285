import { constants, deflateRawSync, deflateSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { readPngChunks } from '../../../../lib/formats/png/chunks.ts';
import { changeOf, filteredBox } from '../../../../lib/formats/png/layout.ts';
import { pngPixels } from '../../../../lib/formats/png/pixels.ts';
import { type Allowed, provePng } from '../../../../lib/formats/png/prove.ts';
import { type PngPatch, splicePng } from '../../../../lib/formats/png/splice.ts';
import { sharp } from '../../../../lib/formats/vips/loaders.ts';
import { crop as cut, grow } from '../../../../lib/pixels/box.ts';
import type { Box, Raster } from '../../../../lib/pixels/raster.ts';
import { random } from '../../../support/pictures.ts';
import { type Chunk, pngFile, pngOfRows } from '../../../support/png-files.ts';

/** Whole numbers below a limit, the same for each seed. */
function numbers(seed: number): (limit: number) => number {
  const next = random(seed);
  return (limit) => Math.floor(next() * limit);
}

interface Kind {
  readonly channels: 1 | 2 | 3 | 4;
  readonly depth: 8 | 16;
}

/** Smooth with grain: neither all literals nor all matches. */
function picture(width: number, height: number, { channels, depth }: Kind, seed: number): Raster {
  const next = numbers(seed);
  const scale = depth === 16 ? 257 : 1;
  const data = new (depth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / channels) % width;
    data[i] = (((x >> 2) + (i % channels) * 40 + next(24)) % 256) * scale + (depth === 16 ? next(200) : 0);
  }
  return { width, height, channels, data };
}

function storedBytes({ data }: Raster): Uint8Array {
  const bytes = Buffer.from(Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  return data.BYTES_PER_ELEMENT === 2 ? bytes.swap16() : bytes;
}

/** The picture with every sample of a box changed. */
function changed(raster: Raster, { left, top, width, height }: Box, seed: number): Raster {
  const next = numbers(seed);
  const data = raster.data.slice();
  for (let y = top; y < top + height; y++) {
    for (let i = left * raster.channels; i < (left + width) * raster.channels; i++) {
      data[y * raster.width * raster.channels + i]! += 1 + next(200);
    }
  }
  return { ...raster, data };
}

function patchOf(before: Raster, after: Raster, box: Box): PngPatch {
  const reach = grow(box, 1, before);
  return { box, before: cut(before, reach), after: cut(after, reach) };
}

function allowedIn(before: Raster, box: Box): Allowed {
  const data = new Uint8Array(box.width * box.height).fill(255);
  const mask = { width: box.width, height: box.height, channels: 1 as const, data };
  return { box, mask, before: cut(before, grow(box, 1, before)) };
}

const chunksOf = (file: Uint8Array): Chunk[] =>
  readPngChunks(file).chunks.map(({ name, data }) => [name, data]);

const streamOf = (file: Uint8Array) =>
  Buffer.concat(chunksOf(file).flatMap(([name, data]) => (name === 'IDAT' ? [data] : [])));

const pixelsOf = (file: Uint8Array) => inflateSync(streamOf(file));

/** Decoded by libvips. */
async function decoded(file: Uint8Array, { depth }: Kind): Promise<Buffer> {
  const raw = sharp(file).raw({ depth: depth === 16 ? 'ushort' : 'uchar' });
  return (depth === 16 ? raw.toColourspace('rgb16') : raw).toBuffer();
}

const plain: Kind = { channels: 3, depth: 8 };
const compressions: Readonly<Record<string, ZlibOptions>> = {
  stored: { level: 0 },
  fast: { level: 1 },
  usual: {},
  best: { level: 9, memLevel: 9 },
  'small blocks': { memLevel: 1 },
  'fixed codes': { strategy: constants.Z_FIXED },
  'literals alone': { strategy: constants.Z_HUFFMAN_ONLY },
  'a small window': { windowBits: 9 },
};
const filterings: Readonly<Record<string, (row: number) => number>> = {
  none: () => 0,
  sub: () => 1,
  up: () => 2,
  average: () => 3,
  paeth: () => 4,
  mixed: (row) => row % 5,
};

interface Example {
  readonly kind?: Kind;
  readonly filterOf?: (row: number) => number;
  readonly options?: ZlibOptions;
  readonly idatBytes?: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly boxes: readonly Box[];
}

/** Splices, compares every filtered byte with a file that the test writes, and proves the splice. */
async function expectSpliced(example: Example) {
  const { kind = plain, filterOf = (row) => row % 5, options = {}, idatBytes, boxes } = example;
  const { width, height } = example.size ?? { width: 150, height: 120 };
  const before = picture(width, height, kind, 7);
  const after = boxes.reduce((raster, box, i) => changed(raster, box, 11 + i), before);
  const file = (raster: Raster) =>
    pngOfRows({
      ...{ width, height, ...kind, pixels: storedBytes(raster), filterOf },
      compress: (filtered) => deflateSync(filtered, options),
      ...(idatBytes === undefined ? {} : { idatBytes }),
    });
  const source = file(before);
  const spliced = await splicePng(
    source,
    boxes.map((box) => patchOf(before, after, box)),
  );
  expect(spliced).toBeDefined();
  if (spliced === undefined) throw new Error('expected a splice');
  expect(pixelsOf(spliced).equals(pixelsOf(file(after)))).toBe(true);
  const allowed = boxes.map((box) => allowedIn(before, box));
  expect(await provePng(source, spliced, allowed)).toBe(0);
  return { source, spliced, before, after };
}

const middle = { left: 40, top: 30, width: 37, height: 29 };

describe('splicePng', () => {
  describe.each(Object.entries(compressions))('of a stream compressed: %s', (_name, options) => {
    it.each(Object.entries(filterings))('rows filtered: %s', async (_filter, filterOf) => {
      await expectSpliced({ options, filterOf, boxes: [middle] });
    });
  });

  it.each<[string, Kind]>([
    ['grey 8', { channels: 1, depth: 8 }],
    ['grey and alpha 8', { channels: 2, depth: 8 }],
    ['RGBA 8', { channels: 4, depth: 8 }],
    ['grey 16', { channels: 1, depth: 16 }],
    ['grey and alpha 16', { channels: 2, depth: 16 }],
    ['RGB 16', { channels: 3, depth: 16 }],
    ['RGBA 16', { channels: 4, depth: 16 }],
  ])('%s', async (_name, kind) => {
    await expectSpliced({ kind, boxes: [middle] });
  });

  it.each<[string, Box]>([
    ['one pixel', { left: 70, top: 60, width: 1, height: 1 }],
    ['the first pixel', { left: 0, top: 0, width: 1, height: 1 }],
    ['the last pixel', { left: 149, top: 119, width: 1, height: 1 }],
    ['the top left corner', { left: 0, top: 0, width: 20, height: 20 }],
    ['the bottom right corner', { left: 130, top: 100, width: 20, height: 20 }],
    ['all of it', { left: 0, top: 0, width: 150, height: 120 }],
  ])('a box of %s', async (_name, box) => {
    await expectSpliced({ boxes: [box] });
  });

  it('several boxes, some of them adjacent', async () => {
    const beside = { left: 90, top: 35, width: 20, height: 50 };
    await expectSpliced({ boxes: [middle, beside, { left: 3, top: 100, width: 9, height: 9 }] });
  });

  it.each([1, 7, 100_000])('chunks of %i bytes', async (idatBytes) => {
    await expectSpliced({ idatBytes, boxes: [middle] });
  });

  it('a picture of several places from which it can be inflated', async () => {
    const size = { width: 1000, height: 900 };
    const rgba: Kind = { channels: 4, depth: 8 };
    const below = { left: 300, top: 820, width: 40, height: 20 };
    await expectSpliced({ size, kind: rgba, filterOf: (row) => 1 + (row % 2), boxes: [below] });
  });

  it('decodes to the new pixels in libvips, in 8 and 16 bit', async () => {
    for (const kind of [plain, { channels: 4, depth: 16 }] as const) {
      const { spliced, after } = await expectSpliced({ kind, boxes: [middle] });
      const bytes = Buffer.from(after.data.buffer, after.data.byteOffset, after.data.byteLength);
      expect((await decoded(spliced, kind)).equals(bytes)).toBe(true);
    }
  });

  it('joins at every bit of a byte, and copies the rest of the stream', async () => {
    const kept: number[] = [];
    for (let top = 2; top < 90; top += 9) {
      const box = { left: 50, top, width: 30, height: 8 };
      const { source, spliced } = await expectSpliced({ size: { width: 400, height: 500 }, boxes: [box] });
      const [a, b] = [source, spliced].map((file) => streamOf(file));
      let same = 5;
      while (same < a!.length && a!.at(-same) === b!.at(-same)) same++;
      kept.push(same / a!.length);
    }
    // Behind the first sixth of the rows at least three fifths are copied.
    expect(Math.min(...kept)).toBeGreaterThan(0.6);
  });

  it('copies the stream before the change', async () => {
    const box = { left: 50, top: 450, width: 30, height: 8 };
    const { source, spliced } = await expectSpliced({ size: { width: 400, height: 500 }, boxes: [box] });
    const [a, b] = [source, spliced].map((file) => streamOf(file));
    let same = 2;
    while (a![same] === b![same]) same++;
    expect(same / a!.length).toBeGreaterThan(0.8);
  });

  /** A file of these rows, whose stream is what `compress` makes of them. */
  const fileWith = (compress: (filtered: Uint8Array) => Uint8Array) => {
    const before = picture(150, 120, plain, 7);
    const pixels = storedBytes(before);
    const size = { width: 150, height: 120 };
    const source = pngOfRows({ ...size, ...plain, pixels, filterOf: () => 4, compress });
    return { source, before, patch: patchOf(before, changed(before, middle, 3), middle) };
  };
  const emptyLastBlock = Buffer.of(0x03, 0x00);
  const flushed = { finishFlush: constants.Z_FULL_FLUSH };

  it.each([
    ['ends in it', { ...middle, top: 91 }],
    ['goes on behind', middle],
  ])('accepts a stream whose last block is empty, when the change %s', async (_where, box) => {
    const { source, before } = fileWith((filtered) =>
      Buffer.concat([deflateSync(filtered, flushed), emptyLastBlock, deflateSync(filtered).subarray(-4)]),
    );
    const spliced = await splicePng(source, [patchOf(before, changed(before, box, 3), box)]);
    expect(spliced && (await provePng(source, spliced, [allowedIn(before, box)]))).toBe(0);
  });

  it('splices a damaged file exactly or not at all', async () => {
    const { source, patch } = fileWith((filtered) => deflateSync(filtered, { memLevel: 2 }));
    const whole = await splicePng(source, [patch]);
    let refused = 0;
    for (let at = 8; at < source.length; at += 97) {
      const damaged = Buffer.from(source);
      damaged[at]! ^= 1 << (at % 8);
      const spliced = await Promise.resolve()
        .then(() => splicePng(damaged, [patch]))
        .catch((error: unknown) => {
          expect(error).toBeInstanceOf(EditError);
          return undefined;
        });
      // A checksum of a chunk is not looked at, and written anew.
      if (spliced === undefined) refused++;
      else expect(pixelsOf(spliced).equals(pixelsOf(whole ?? source))).toBe(true);
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('corrects the checksum of the last chunk', async () => {
    const { source, patch, before } = fileWith((filtered) => deflateSync(filtered));
    const damaged = Buffer.from(source);
    damaged[damaged.length - 1]! ^= 1;
    const spliced = await splicePng(damaged, [patch]);
    expect(spliced && (await provePng(damaged, spliced, [allowedIn(before, middle)]))).toBe(0);
  });

  describe('refuses', () => {
    it.each<[string, (filtered: Uint8Array) => Uint8Array]>([
      ['bytes after the stream', (filtered) => Buffer.concat([deflateSync(filtered), Buffer.of(1, 2, 3)])],
      [
        'a wrong checksum',
        (filtered) => Buffer.concat([deflateSync(filtered).subarray(0, -1), Buffer.of(0)]),
      ],
      ['a stream that ends early', (filtered) => deflateSync(filtered).subarray(0, -2000)],
      ['too few rows', (filtered) => deflateSync(filtered.subarray(0, -10))],
      ['too many rows', (filtered) => deflateSync(Buffer.concat([filtered, Buffer.alloc(451)]))],
      ['no deflate at all', () => Buffer.from('nothing of the kind')],
      ['nothing', () => Buffer.alloc(0)],
    ])('%s', async (_name, compress) => {
      const { source, patch } = fileWith(compress);
      expect(await splicePng(source, [patch])).toBeUndefined();
    });

    it('pixels other than those of the patch', async () => {
      const { source, patch } = fileWith((filtered) => deflateSync(filtered));
      expect(await splicePng(source, [{ ...patch, before: patch.after }])).toBeUndefined();
    });

    it('an unknown filter', async () => {
      const { source, patch } = fileWith((filtered) => deflateSync(filtered.fill(5, 40 * 451, 40 * 451 + 1)));
      expect(await splicePng(source, [patch])).toBeUndefined();
    });

    it('interlaced rows, palettes, less than 8 bit, other channels, a transparent colour', async () => {
      const { source, patch } = fileWith((filtered) => deflateSync(filtered));
      const [header, ...rest] = chunksOf(source);
      const withHeader = (at: number, value: number) =>
        pngFile([['IHDR', Buffer.from(header![1]).fill(value, at, at + 1)], ...rest]);
      for (const [at, value] of [
        [8, 4],
        [9, 3],
        [9, 6],
        [12, 1],
      ] as const) {
        expect(await splicePng(withHeader(at, value), [patch])).toBeUndefined();
      }
      const transparent = pngFile([header!, ['tRNS', Buffer.alloc(6)], ...rest]);
      expect(await splicePng(transparent, [patch])).toBeUndefined();
    });
  });
});

describe('provePng', () => {
  const kind = plain;
  const size = { width: 150, height: 120 };
  const before = picture(size.width, size.height, kind, 7);
  const after = changed(before, middle, 3);
  const fileOf = (raster: Raster, filterOf = (row: number) => row % 5) =>
    pngOfRows({ ...size, ...kind, pixels: storedBytes(raster), filterOf });
  const source = fileOf(before);
  const allowed = [allowedIn(before, middle)];

  it('holds for any file with the same pixels outside the boxes', async () => {
    expect(await provePng(source, fileOf(after), allowed)).toBe(0);
    expect(await provePng(source, source, allowed)).toBe(0);
  });

  it.each<[string, number, number, number | undefined]>([
    ['far away', 3, 3, undefined],
    ['left of the box', 39, 40, undefined],
    ['above it', 50, 29, undefined],
    ['right of it', 77, 40, 1],
    ['below it', 50, 59, 1],
    ['two columns to the right', 78, 40, undefined],
    ['two rows below', 50, 60, undefined],
  ])('finds one pixel that differs %s', async (_where, x, y, found) => {
    const wrong = changed(after, { left: x, top: y, width: 1, height: 1 }, 5);
    expect(await provePng(source, fileOf(wrong), allowed)).not.toBe(0);
    // What is predicted from a pixel beside the box differs from what it was, too.
    if (found === undefined) expect(await provePng(source, fileOf(wrong), allowed)).toBeUndefined();
  });

  it('counts what differs in the box where the mask is 0', async () => {
    const [{ mask, ...rest }] = allowed as [Allowed];
    const data = mask.data.slice();
    data.set([0, 0], 5 * middle.width + 7);
    expect(await provePng(source, fileOf(after), [{ ...rest, mask: { ...mask, data } }])).toBe(2);
  });

  describe('of a file that goes on before and behind the change', () => {
    const long = { width: 400, height: 500 };
    const [old, box] = [
      picture(long.width, long.height, kind, 7),
      { left: 50, top: 200, width: 30, height: 8 },
    ];
    const pixelsOfLong = { ...long, ...kind, filterOf: (row: number) => row % 5 };
    const from = pngOfRows({ ...pixelsOfLong, pixels: storedBytes(old) });
    const spliced = splicePng(from, [patchOf(old, changed(old, box, 3), box)])!;
    const outputOf = (stream: Uint8Array) =>
      pngFile(
        chunksOf(spliced)
          .flatMap(([name, data]) => (name === 'IDAT' ? [] : [[name, data] as Chunk]))
          .toSpliced(1, 0, ['IDAT', stream]),
      );

    it('refuses every changed bit that means anything', () => {
      const stream = streamOf(spliced);
      expect(provePng(from, outputOf(stream), [allowedIn(old, box)])).toBe(0);
      // Read once.
      const known = pngPixels(from);
      let refused = 0;
      const some = Array.from({ length: Math.floor(stream.length / 1499) }, (_, n) => n * 1499);
      const ends = Array.from({ length: 10 }, (_, n) => [n, stream.length - 1 - n]).flat();
      for (const at of [...some, ...ends]) {
        const damaged = Buffer.from(stream);
        damaged[at]! ^= 1 << (at % 8);
        const found = provePng(from, outputOf(damaged), [allowedIn(old, box)], known);
        if (found === undefined) refused++;
        // Padding before a stored block may hold anything.
        else expect(inflateSync(damaged).equals(pixelsOf(spliced))).toBe(true);
      }
      expect(refused).toBeGreaterThan(100);
    });

    it('refuses changed bits of the byte in which the old stream goes on', () => {
      const pixels = pngPixels(from)!;
      const { next } = pixels.around(changeOf([filteredBox(box, pixels.layout)], pixels.layout))!;
      const phase = next!.bit % 8;
      expect(phase).toBeGreaterThan(0);
      const stream = streamOf(spliced);
      const at = (next!.bit >>> 3) + stream.length - streamOf(from).length;
      for (let bit = phase; bit < 8; bit++) {
        const damaged = Buffer.from(stream);
        damaged[at]! ^= 1 << bit;
        expect(provePng(from, outputOf(damaged), [allowedIn(old, box)], pixels)).toBeUndefined();
      }
    });

    it('refuses bits that are missing, doubled or of another file', () => {
      const stream = streamOf(spliced);
      const half = stream.length >> 1;
      for (const other of [
        Buffer.concat([stream.subarray(0, half), stream.subarray(half + 1)]),
        Buffer.concat([stream.subarray(0, half), stream.subarray(half - 1)]),
        Buffer.concat([stream, Buffer.of(0)]),
        stream.subarray(0, 5),
        // The same pixels, but not the source's bits.
        deflateSync(pixelsOf(spliced), { level: 3 }),
      ]) {
        expect(provePng(from, outputOf(other), [allowedIn(old, box)])).toBeUndefined();
      }
    });

    it('refuses a part that ends within a block, though its bytes are right', () => {
      const { next } = pngPixels(from)!.around({ from: 0, to: 0 })!;
      const stream = streamOf(from);
      // One last block takes the place of all up to `next`, and what follows is never read.
      const whole = Buffer.concat([
        stream.subarray(0, 2),
        deflateRawSync(pixelsOf(from).subarray(0, next!.byte)),
        stream.subarray(next!.bit >>> 3),
      ]);
      expect(provePng(from, outputOf(whole), [])).toBeUndefined();
    });
  });

  it('fails for another shape of the same bytes, and for too few rows', async () => {
    const [header, ...rest] = chunksOf(source);
    const other = Buffer.from(header![1]);
    // As many bytes in all: 120 rows of 451 are 30 of 1804.
    other.writeUInt32BE(601);
    other.writeUInt32BE(30, 4);
    expect(await provePng(source, pngFile([['IHDR', other], ...rest]), [])).toBeUndefined();
    const few = pngOfRows({
      ...{ ...size, ...kind, pixels: storedBytes(before), filterOf: () => 0 },
      compress: (filtered) => deflateSync(filtered.subarray(0, -451)),
    });
    expect(await provePng(few, few, [])).toBeUndefined();
  });

  it('fails for other filters, other sizes, wrong checksums and damaged streams', async () => {
    const output = fileOf(after);
    expect(
      await provePng(
        source,
        fileOf(after, () => 1),
        allowed,
      ),
    ).toBeUndefined();
    const taller = picture(150, 121, kind, 7);
    const other = pngOfRows({
      ...kind,
      width: 150,
      height: 121,
      pixels: storedBytes(taller),
      filterOf: () => 0,
    });
    expect(await provePng(source, other, allowed)).toBeUndefined();
    for (const at of [output.length - 14, output.length - 40, 60]) {
      const damaged = Buffer.from(output);
      damaged[at]! ^= 1;
      expect(await provePng(source, damaged, allowed)).toBeUndefined();
    }
    const cutShort = pngFile(
      chunksOf(output).map(([name, data]) => [name, name === 'IDAT' ? data.subarray(0, -1) : data]),
    );
    expect(await provePng(source, cutShort, allowed)).toBeUndefined();
  });
});
