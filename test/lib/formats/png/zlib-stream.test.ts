import { constants, deflateRawSync, deflateSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inflater } from '../../../../lib/formats/png/inflater.ts';
import { adlerWith, closing, endOfStream, opening } from '../../../../lib/formats/png/zlib-stream.ts';
import { useKernels } from '../../../../lib/kernels/kernels.ts';
import { normalNoise } from '../../../bench/drift.ts';

const next = normalNoise(5);
const noise = Uint8Array.from({ length: 300_000 }, () => 128 + 20 * next());
const stream = deflateRawSync(noise, { memLevel: 4 });
const blocks = useKernels((use) => {
  const source = inflater(use, {
    stream: { bytes: stream.length, parts: [{ data: stream, at: 0 }] },
    place: { bit: 0, byte: 0, window: new Uint8Array() },
    end: stream.length,
    keptBytes: 0,
  });
  const found = [];
  for (let piece = source.next(); piece !== undefined; piece = source.next()) found.push(...piece.blocks);
  return found;
});

test('joined streams inflate to the data of their parts, whatever the bit of the joint', () => {
  const phases = new Set<string>();
  for (let i = 1; i + 3 < blocks.length; i++) {
    const [first, last] = [blocks[i]!, blocks[i + 3]!];
    const middle = deflateRawSync(noise.subarray(first.byte, last.byte), {
      dictionary: noise.subarray(Math.max(0, first.byte - 32_768), first.byte),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const [closed, opened] = [first.bit % 8, last.bit % 8];
    const joined = Buffer.concat([
      stream.subarray(0, first.bit >>> 3),
      ...(closed > 0 ? [closing(stream[first.bit >>> 3]!, closed)] : []),
      middle,
      ...(opened > 0 ? [opening(stream[last.bit >>> 3]!, opened)] : []),
      stream.subarray((last.bit + 7) >>> 3),
    ]);
    expect(inflateRawSync(joined).equals(noise)).toBe(true);
    phases.add(`closed ${closed}`).add(`opened ${opened}`);
  }
  expect(phases.size).toBe(16);
});

test('a stream that is ended at a block inflates to what lies before', () => {
  const phases = new Set<number>();
  for (const { bit, byte } of blocks.slice(1)) {
    const whole = stream.subarray(0, bit >>> 3);
    const ended = Buffer.concat([whole, endOfStream(stream[bit >>> 3]!, bit % 8)]);
    expect(inflateRawSync(ended).equals(noise.subarray(0, byte))).toBe(true);
    phases.add(bit % 8);
  }
  expect(phases.size).toBe(8);
});

test('the checksum of changed data follows from those of the stretch', () => {
  const adlerOf = (data: Uint8Array) => deflateSync(data).readUInt32BE(deflateSync(data).length - 4);
  for (const [from, to] of [
    [0, 1],
    [12_345, 90_000],
    [299_000, 300_000],
  ] as const) {
    const now = noise.slice().fill(255, from, to);
    const [before, after] = [noise, now].map((data) => adlerOf(data.subarray(from, to)));
    const bytesBehind = noise.length - to;
    expect(adlerWith({ whole: adlerOf(noise), old: before!, now: after!, bytesBehind })).toBe(adlerOf(now));
  }
});
