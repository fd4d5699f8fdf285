import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type BlockStart, inflater, type Place } from '../../../../lib/formats/png/inflater.ts';
import { useKernels } from '../../../../lib/kernels/kernels.ts';
import { normalNoise } from '../../../bench/drift.ts';
import { random } from '../../../support/pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';

const normal = normalNoise(5);
const noise = Uint8Array.from({ length: 400_000 }, () => 128 + 20 * normal());
/** Noise, runs, and what repeats from far away. */
const data = Buffer.concat([
  noise.subarray(0, 150_000),
  Buffer.alloc(40_000, 7),
  noise.subarray(0, 30_000),
  Buffer.from('abcdefg'.repeat(4000)),
  noise.subarray(0, 30_000),
]);

const streamOf = (bytes: Uint8Array) => ({ bytes: bytes.length, parts: [{ data: bytes, at: 0 }] });
const start: Place = { bit: 0, byte: 0, window: new Uint8Array() };

function inflated(stream: Uint8Array, place: Place = start) {
  return useKernels((use) => {
    const source = inflater(use, { stream: streamOf(stream), place, end: stream.length, keptBytes: 0 });
    const parts: Uint8Array[] = [];
    const blocks: BlockStart[] = [];
    for (let piece = source.next(); piece !== undefined; piece = source.next()) {
      parts.push(new Uint8Array(use.kernels.memory.buffer).slice(piece.from, piece.to));
      blocks.push(...piece.blocks);
    }
    return { bytes: Buffer.concat(parts), blocks, ending: source.ending(), bit: source.bit() };
  });
}

const kinds: [string, ZlibOptions][] = [
  ['stored', { level: 0 }],
  ['fast', { level: 1 }],
  ['best', { level: 9, memLevel: 9 }],
  ['fixed codes', { strategy: constants.Z_FIXED }],
  ['small blocks', { memLevel: 1 }],
  ['literals alone', { strategy: constants.Z_HUFFMAN_ONLY }],
  ['runs', { strategy: constants.Z_RLE }],
];

describe('inflater', () => {
  it.each(kinds)('inflates what zlib deflates, up to its last bit: %s', (_name, options) => {
    const stream = deflateRawSync(data, options);
    for (const { bytes, ending, bit } of withEachPoison(() => inflated(stream))) {
      expect(bytes.equals(data)).toBe(true);
      expect(ending).toBe('whole');
      expect(Math.ceil(bit / 8)).toBe(stream.length);
    }
  });

  it('goes on from the beginning of any block', () => {
    const stream = deflateRawSync(data, { memLevel: 3 });
    const { blocks } = inflated(stream);
    expect(blocks.length).toBeGreaterThan(10);
    for (const block of blocks.filter((_, i) => i % 7 === 1)) {
      const window = data.subarray(Math.max(0, block.byte - 32_768), block.byte);
      expect(inflated(stream, { ...block, window }).bytes.equals(data.subarray(block.byte))).toBe(true);
    }
  });

  it.each(kinds)('refuses what zlib refuses, and reads the rest alike: %s', (_name, options) => {
    const short = Buffer.concat([data.subarray(0, 1500), data.subarray(150_000, 151_000)]);
    const stream = deflateRawSync(short, options);
    const next = random(11);
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const damaged = Buffer.from(stream);
      // The head of a block, where most rules are, twice as often.
      const reach = i % 2 === 0 ? 90 : stream.length;
      damaged[Math.floor(next() * Math.min(reach, stream.length))]! ^= 1 << Math.floor(next() * 8);
      const expected = orUndefined(() => inflateRawSync(damaged));
      const { bytes, ending } = inflated(damaged);
      expect(ending === 'whole').toBe(expected !== undefined);
      if (expected === undefined) refused++;
      else expect(bytes.equals(expected)).toBe(true);
    }
    if (options.level !== 0) expect(refused).toBeGreaterThan(10);
  });

  it('tells a stream that ends early, wherever that is', () => {
    for (const [, options] of kinds) {
      const stream = deflateRawSync(data.subarray(149_500, 150_500), options);
      for (let length = 0; length < stream.length; length += 3) {
        for (const { ending } of withEachPoison(() => inflated(stream.subarray(0, length)))) {
          expect(ending).toBe('early');
        }
      }
    }
  });
});

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
