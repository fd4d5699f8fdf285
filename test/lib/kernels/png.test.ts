import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { useKernels } from '../../../lib/kernels/kernels.ts';
import { random } from '../../support/pictures.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

const next = random(3);
const bytes = (length: number, most = 256) => Uint8Array.from({ length }, () => Math.floor(next() * most));

test('adler32 is the checksum of zlib, also for the largest sums', () => {
  for (const length of [0, 1, 15, 16, 17, 5551, 5552, 5553, 100_000]) {
    for (const data of [bytes(length), new Uint8Array(length).fill(255)]) {
      const stream = deflateSync(data);
      const found = withEachPoison(() =>
        useKernels(({ kernels, arena }) => kernels.adler32(1, arena.put(data), length) >>> 0),
      );
      for (const adler of found) expect(adler).toBe(stream.readUInt32BE(stream.length - 4));
    }
  }
});

/** As the specification writes it. */
function guess(filter: number, a: number, b: number, c: number): number {
  const away = (value: number) => Math.abs(a + b - c - value);
  const least = Math.min(away(a), away(b), away(c));
  const paeth = away(a) === least ? a : away(b) === least ? b : c;
  return [0, a, b, (a + b) >> 1, paeth][filter]!;
}

/** Rows of some pixels, the second of which is filtered; the first pixel of each is the one on the left. */
function rowsOf(pixels: number, pixelBytes: number, most: number) {
  const length = (1 + pixels) * pixelBytes;
  const [above, row] = [bytes(length, most), bytes(length, most)];
  const filtered = (filter: number) =>
    row
      .map((value, i) => value - guess(filter, row[i - pixelBytes]!, above[i]!, above[i - pixelBytes]!))
      .subarray(pixelBytes);
  return { above, row, filtered, length: pixels * pixelBytes };
}

test('rows are filtered and decoded as the specification says: every filter, size of pixel and length', () => {
  // Few values make ties of the Paeth predictor.
  for (const most of [256, 3])
    for (let pixelBytes = 1; pixelBytes <= 8; pixelBytes++)
      for (const pixels of [1, 2, 3, 7, 40])
        for (let filter = 0; filter <= 4; filter++) {
          const { above, row, filtered, length } = rowsOf(pixels, pixelBytes, most);
          const expected = filtered(filter);
          const found = withEachPoison(() =>
            useKernels(({ kernels, arena }) => {
              const [up, out] = [arena.put(above), arena.reserve(above.length + 8)];
              const at = arena.put(row) + pixelBytes;
              kernels.filterRow(filter, at, up + pixelBytes, out, length, pixelBytes);
              const made = arena.take(Uint8Array, out, length);
              const decoded = arena.put(row.slice().fill(0, pixelBytes));
              const from = arena.put(expected);
              kernels.unfilterRow(filter, from, up + pixelBytes, decoded + pixelBytes, length, pixelBytes);
              return { made, decoded: arena.take(Uint8Array, decoded, row.length) };
            }),
          );
          for (const { made, decoded } of found) {
            expect(made).toEqual(expected);
            expect(decoded).toEqual(row);
          }
        }
});

test('a filter that does not exist is refused', () => {
  useKernels(({ kernels, arena }) => {
    const at = arena.reserve(64);
    expect(kernels.unfilterRow(5, at, at, at, 8, 1)).toBe(0);
    expect(kernels.filterRow(255, at, at, at, 8, 1)).toBe(0);
  });
});

test('pixels that differ are counted once, and only where the mask is 0', () => {
  for (const pixelBytes of [1, 3, 8]) {
    const a = bytes(20 * pixelBytes);
    const b = a.slice();
    for (const x of [0, 7, 19]) b[(x + 1) * pixelBytes - 1]! ^= 1;
    b[7 * pixelBytes]! ^= 2;
    const mask = new Uint8Array(20).fill(1, 19);
    const found = withEachPoison(() =>
      useKernels(({ kernels, arena }) =>
        kernels.differingPixels(arena.put(a), arena.put(b), arena.put(mask), 20, pixelBytes),
      ),
    );
    expect(found.every((count) => count === 2)).toBe(true);
  }
});
