import { expect, test } from 'vitest';
import { useKernels } from '../../../lib/kernels/kernels.ts';
import { random } from '../../support/pictures.ts';
import { withEachPoison } from '../../support/poisoned-kernels.ts';

/** What unstuffing makes of bytes, and how many of them it read; `next` follows them. */
const unstuffed = (bytes: readonly number[], next = 0x11) =>
  useKernels(({ kernels, arena }) => {
    const from = arena.put(Uint8Array.from([...bytes, next]));
    const counts = arena.reserve(8);
    const to = arena.reserve(bytes.length + 16);
    kernels.unstuff(from, bytes.length, to, counts);
    const [read, written] = arena.take(Uint32Array, counts, 2);
    return { read, bytes: [...arena.take(Uint8Array, to, written!)] };
  });

const filler = (length: number) => Array.from({ length }, (_, i) => i % 200);

test.each([0, 1, 15, 16, 17, 40])('an FF behind %d bytes loses the zero behind it', (count) => {
  const before = filler(count);
  const found = withEachPoison(() => unstuffed([...before, 0xff, 0, 7, ...filler(20)]));
  const bytes = [...before, 0xff, 7, ...filler(20)];
  for (const result of found) expect(result).toEqual({ read: count + 23, bytes });
});

test.each([0, 1, 15, 16, 17, 40])('a marker behind %d bytes ends the data', (count) => {
  const before = filler(count);
  const found = withEachPoison(() => unstuffed([...before, 0xff, 0xd9, ...filler(20)]));
  for (const result of found) expect(result).toEqual({ read: count, bytes: before });
});

test('what follows an FF at the end decides about it', () => {
  expect(unstuffed([1, 0xff], 0)).toEqual({ read: 3, bytes: [1, 0xff] });
  expect(unstuffed([1, 0xff], 0xff)).toEqual({ read: 1, bytes: [1] });
  expect(unstuffed([])).toEqual({ read: 0, bytes: [] });
});

test('nothing but FF 00 becomes nothing but FF', () => {
  const all = Array.from({ length: 66 }, (_, i) => (i % 2 === 0 ? 0xff : 0));
  expect(unstuffed(all)).toEqual({ read: 66, bytes: new Array(33).fill(0xff) });
});

/** By the definition, one byte after the other. */
function firstMarker(bytes: Uint8Array): number {
  for (let i = 0; i + 1 < bytes.length; i++) {
    const next = bytes[i + 1]!;
    if (bytes[i] === 0xff && next > 1 && next < 0xff && !(next >= 0xd0 && next <= 0xd7)) return i;
  }
  return bytes.length - 1;
}

test('the first marker of a segment is found at every place', () => {
  const awkward = [0xff, 0xff, 0x00, 0x01, 0xd0, 0xd7, 0xcf, 0xd8, 0x02, 0x7f, 0x80];
  const next = random(3);
  for (let round = 0; round < 3000; round++) {
    const share = next();
    const bytes = Uint8Array.from({ length: 1 + Math.floor(next() * 70) }, () =>
      next() < share ? 0x11 : awkward[Math.floor(next() * (round % 3 === 0 ? awkward.length : 6))]!,
    );
    const find = () => useKernels(({ kernels, arena }) => kernels.findMarker(arena.put(bytes), bytes.length));
    expect(round % 10 === 0 ? new Set(withEachPoison(find)) : new Set([find()])).toEqual(
      new Set([firstMarker(bytes)]),
    );
  }
});
