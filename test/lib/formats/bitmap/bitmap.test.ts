import { describe, expect, test } from 'vitest';
import { readBitmap } from '../../../../lib/formats/bitmap/read-bitmap.ts';
import { decodeMask } from '../../../../lib/formats/vips/read-mask.ts';
import { wholeMask } from '../../../../lib/pixels/boxed-mask.ts';
import { boxMask, random } from '../../../support/pictures.ts';

/** Rows of 11 pixels fill no whole word in any depth. */
const size = { width: 11, height: 7 };
const mask = boxMask(size, { left: 2, top: 1, width: 5, height: 4 });
const at = (x: number, y: number) => mask.data[y * size.width + x]!;

interface Bmp {
  readonly bits: 1 | 4 | 8 | 24 | 32;
  readonly isTopDown?: boolean;
  readonly hasAlpha?: boolean;
  readonly palette?: readonly (readonly [number, number, number])[];
}

/** A BMP of the mask: white is index 1, or a colour; with alpha the selection is opaque red. */
function bmp({ bits, isTopDown = false, hasAlpha = false, palette = greys(1 << bits) }: Bmp): Buffer {
  const headerBytes = hasAlpha ? 108 : 40;
  const colours = bits <= 8 ? palette : [];
  const rowBytes = Math.ceil((size.width * bits) / 32) * 4;
  const pixelsAt = 14 + headerBytes + 4 * colours.length;
  const file = Buffer.alloc(pixelsAt + rowBytes * size.height);
  file.write('BM');
  file.writeUInt32LE(pixelsAt, 10);
  file.writeUInt32LE(headerBytes, 14);
  file.writeInt32LE(size.width, 18);
  file.writeInt32LE(isTopDown ? -size.height : size.height, 22);
  file.writeUInt16LE(bits, 28);
  file.writeUInt32LE(hasAlpha ? 3 : 0, 30);
  file.writeUInt32LE(colours.length, 46);
  if (hasAlpha) file.set([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255], 54);
  for (const [i, [r, g, b]] of colours.entries()) file.set([b, g, r], 14 + headerBytes + 4 * i);
  for (let y = 0; y < size.height; y++) {
    const row = pixelsAt + (isTopDown ? y : size.height - 1 - y) * rowBytes;
    for (let x = 0; x < size.width; x++) {
      const value = at(x, y);
      if (hasAlpha) file.set([0, 0, 255, value], row + 4 * x);
      else if (bits > 8) file.fill(value, row + (x * bits) / 8, row + (x * bits) / 8 + 3);
      else if (value > 0) file[row + ((x * bits) >> 3)]! |= 1 << (8 - bits - ((x * bits) & 7));
    }
  }
  return file;
}

/** Only the first two are used: black and white. */
const greys = (count: number): readonly (readonly [number, number, number])[] =>
  Array.from({ length: count }, (_, i) => (i === 1 ? [255, 255, 255] : [0, 0, 0]));

const text = (kind: string, values: readonly (number | string)[], between = ' ') =>
  Buffer.from(`${kind}\n# by hand\n11 7\n${values.join(between)}\n`);
const binary = (head: string, bytes: readonly number[]) =>
  Buffer.concat([Buffer.from(`${head}\n`), Buffer.from(bytes)]);
const values = [...mask.data];
const packed = Array.from({ length: 7 }, (_, y) => {
  const bits = Array.from({ length: 16 }, (_, x) => (x < 11 && at(x, y) > 0 ? '0' : '1')).join('');
  return [Number.parseInt(bits.slice(0, 8), 2), Number.parseInt(bits.slice(8), 2)];
}).flat();

const files = {
  'BMP of 1 bit': bmp({ bits: 1 }),
  'BMP of 4 bits': bmp({ bits: 4 }),
  'BMP of 8 bits': bmp({ bits: 8 }),
  'BMP of 8 bits, top-down': bmp({ bits: 8, isTopDown: true }),
  'BMP of 24 bits': bmp({ bits: 24 }),
  'BMP of 32 bits, top-down': bmp({ bits: 32, isTopDown: true }),
  'BMP with alpha': bmp({ bits: 32, hasAlpha: true }),
  'PBM as text': text(
    'P1',
    values.map((value) => (value > 0 ? 0 : 1)),
    '',
  ),
  'PGM as text': text('P2', [15, ...values.map((value) => value / 17)]),
  PBM: binary('P4 11 7', packed),
  PGM: binary('P5\n11 7\n255', values),
  'PGM of 16 bit': binary(
    'P5 11 7 1000',
    values.flatMap((value) => (value > 0 ? [3, 232] : [0, 0])),
  ),
  PPM: binary(
    'P6 11 7 255',
    values.flatMap((value) => [value, value, value]),
  ),
};
const limits = { maxImageBytes: 1e5, maxImagePixels: 1e4 };
const photo = {
  bytes: new Uint8Array(),
  header: { displayed: size, stored: size, orientation: 1 as const },
};
const decode = (bytes: Uint8Array) => decodeMask(bytes, { photo, limits, isGuessed: true });

describe.each(Object.entries(files))('a mask as %s', (_, bytes) => {
  test('selects the same pixels', async () => {
    expect(wholeMask((await decode(bytes)).mask)).toEqual(mask);
  });

  test('that ends early is refused', async () => {
    await expect(decode(bytes.subarray(0, bytes.length - 5))).rejects.toMatchObject({
      code: 'MASK_UNREADABLE',
    });
  });
});

test('the colours of a palette are read', () => {
  const palette = [
    [0, 0, 0],
    [192, 128, 64],
  ] as const;
  const { channels, data } = readBitmap(bmp({ bits: 4, palette }))!.decode();
  expect(channels).toBe(3);
  expect([...data.subarray(3 * (11 + 2), 3 * (11 + 3))]).toEqual([192, 128, 64]);
});

test('a size beyond the limit is refused before a pixel is decoded', async () => {
  const vast = bmp({ bits: 8 });
  vast.writeInt32LE(60_000, 18);
  for (const bytes of [vast, binary('P5 60000 60000 255', [])]) {
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'IMAGE_TOO_MANY_PIXELS' });
  }
});

test('damaged files are decoded or refused, and nothing else', async () => {
  const next = random(7);
  for (const bytes of Object.values(files).flatMap((file) => Array<Buffer>(60).fill(file))) {
    const damaged = Buffer.from(bytes);
    for (let n = 0; n < 3; n++) damaged[Math.floor(next() * Math.min(80, damaged.length))] = next() * 256;
    const code = await decode(damaged).then(
      () => 'decoded',
      (error) => error.code,
    );
    expect(code).toMatch(/^(decoded|MASK_UNREADABLE|MASK_SIZE_MISMATCH|IMAGE_TOO_MANY_PIXELS)$/);
  }
});
