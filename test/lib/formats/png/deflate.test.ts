import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EditError } from '../../../../lib/errors.ts';
import { type BlockStart, blockEnd, paddingBytes } from '../../../../lib/formats/png/deflate-blocks.ts';
import { changedAdler, closedAt, openedAt } from '../../../../lib/formats/png/zlib-stream.ts';
import { normalNoise } from '../../../bench/drift.ts';

const next = normalNoise(5);
const noise = Uint8Array.from({ length: 300_000 }, () => 128 + 20 * next());

const padded = (stream: Uint8Array) => Buffer.concat([stream, Buffer.alloc(paddingBytes)]);

/** The beginning of each block, and the end of the last. */
function blocksOf(stream: Uint8Array): BlockStart[] {
  const starts: BlockStart[] = [{ bit: 0, byte: 0 }];
  for (;;) {
    const { isLast, ...end } = blockEnd(padded(stream), starts.at(-1)!);
    starts.push(end);
    if (isLast) return starts;
  }
}

describe('blockEnd', () => {
  it.each([
    ['stored', { level: 0 }],
    ['fixed codes', { strategy: constants.Z_FIXED }],
    ['codes of their own', { memLevel: 3 }],
    ['literals alone', { strategy: constants.Z_HUFFMAN_ONLY }],
    ['runs', { strategy: constants.Z_RLE }],
  ])('finds the last bit of a stream: %s', (_name, options) => {
    const data = Buffer.concat([noise.subarray(0, 50_000), Buffer.alloc(100_000), noise.subarray(0, 50_000)]);
    const stream = deflateRawSync(data, options);
    const blocks = blocksOf(stream);
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.at(-1)?.byte).toBe(data.length);
    expect(Math.ceil((blocks.at(-1)?.bit ?? 0) / 8)).toBe(stream.length);
  });

  it('refuses damaged streams, and always ends', () => {
    const stream = deflateRawSync(noise.subarray(0, 4000), { memLevel: 1 });
    let refused = 0;
    for (let at = 0; at < stream.length; at += 17) {
      const damaged = Uint8Array.from(stream);
      damaged[at]! ^= 1 << (at % 8);
      try {
        expect(blocksOf(damaged).at(-1)?.bit).toBeLessThanOrEqual(8 * damaged.length);
      } catch (error) {
        expect(error).toBeInstanceOf(EditError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    for (const length of [0, 1, 100, stream.length - 1]) {
      expect(() => blocksOf(stream.subarray(0, length))).toThrow(EditError);
    }
  });
});

describe('joined streams', () => {
  it('inflate to the data of their parts, whatever the bit of the joint', () => {
    const stream = deflateRawSync(noise, { memLevel: 4 });
    const blocks = blocksOf(stream);
    const phases = new Set<string>();
    for (let i = 1; i + 6 < blocks.length; i++) {
      const [first, last] = [blocks[i]!, blocks[i + 5]!];
      const middle = deflateRawSync(noise.subarray(first.byte, last.byte), {
        dictionary: noise.subarray(Math.max(0, first.byte - 32_768), first.byte),
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      const joined = Buffer.concat([...closedAt(stream, first.bit), middle, ...openedAt(stream, last.bit)]);
      expect(inflateRawSync(joined).equals(noise)).toBe(true);
      phases.add(`closed ${first.bit & 7}`).add(`opened ${last.bit & 7}`);
    }
    expect(phases.size).toBe(16);
  });
});

describe('changedAdler', () => {
  it('is the checksum of the changed data', () => {
    const adlerOf = (data: Uint8Array) => {
      let [a, b] = [1, 0];
      for (const byte of data) {
        a = (a + byte) % 65_521;
        b = (b + a) % 65_521;
      }
      return ((b << 16) | a) >>> 0;
    };
    const sum = changedAdler(adlerOf(noise), noise.length);
    const now = noise.slice();
    for (const at of [0, 12_345, 150_000, noise.length - 500]) {
      now.subarray(at, at + 500).fill(at % 251);
      sum.note(at, noise.subarray(at, at + 500), now.subarray(at, at + 500));
    }
    expect(sum.get()).toBe(adlerOf(now));
  });
});
