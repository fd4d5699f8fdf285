import { describe, expect, it } from 'vitest';
import { replaceTables } from '../../../../lib/formats/jpeg/container/tables.ts';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { codesOf } from '../../../../lib/formats/jpeg/scan/huffman.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { optimalHuffmanTable } from '../../../../lib/formats/jpeg/splice/huffman-coding.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { decodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { random } from '../../../support/pictures.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';
import { changedBlocks, spliceBox, withoutTables } from '../../../support/spliced-jpeg.ts';

/** A smooth picture: its optimised tables lack most symbols. */
const smooth = (channels: 1 | 3 | 4) => {
  const { data, ...size } = picture(167, 131, channels);
  return { ...size, data: data.map((_, i) => 60 + (Math.floor(i / channels) % 167) / 2) };
};

/** Takes every free code of the AC tables with repeats of their first symbol: nothing can be appended. */
function withFullTables(source: Uint8Array): Uint8Array {
  const { scans } = readJpegStructure(source);
  const [scan] = scans;
  const tables = [...new Set(scan!.members.map(({ ac }) => ac!))];
  const replacements = tables.map((table) => {
    const counts = table.counts.slice();
    const longest = counts.findLastIndex((count) => count > 0);
    const added = Array.from({ length: 16 - longest }, () => table.symbols[0]!);
    for (let length = longest + 1; length <= 16; length++) counts[length] = 1;
    return { table, by: { counts, symbols: Uint8Array.from([...table.symbols, ...added]) } };
  });
  return Buffer.concat([
    replaceTables(source, scan!.dataOffset, replacements),
    source.subarray(scan!.dataOffset),
  ]);
}

async function spliceNoise(source: Uint8Array) {
  const { result } = await spliceBox(source);
  const reference = decodeReference(source);
  const { bytes, touched } = result;
  expect(changedBlocks(reference, bytes)).toEqual(touched);
  await decodeJpeg(bytes);
  expect(proveSplice({ source, output: bytes, touched }).holds).toBe(true);
  expect(withoutTables(decodeReference(bytes))).toEqual(withoutTables(reference));
  return result;
}

const optimised = jpegKinds.filter(({ name }) => /optimised/.test(name));

describe.each(optimised)('tables that lack symbols, $name', (kind) => {
  it('are extended behind their last code: every other code stays', async () => {
    const source = await kind.make(smooth(kind.channels));
    const result = await spliceNoise(source);
    expect(result.tables).toBe('extended');
    const before = readJpegStructure(source).scans[0]!.members;
    readJpegStructure(result.bytes).scans[0]!.members.forEach(({ ac }, i) => {
      const { symbols } = before[i]!.ac!;
      expect(ac!.symbols.subarray(0, symbols.length)).toEqual(symbols);
    });
  });

  it('are rebuilt, and the scan recoded, when they have no free code', async () => {
    const source = withFullTables(await kind.make(smooth(kind.channels)));
    expect((await spliceNoise(source)).tables).toBe('rebuilt');
  });
});

describe('optimal Huffman tables', () => {
  it('give hand-computed lengths', () => {
    const frequencies = new Float64Array(256);
    frequencies.set([8, 4, 2, 1], 10);
    const { length } = codesOf(optimalHuffmanTable(frequencies));
    expect([...length.subarray(10, 14)]).toEqual([1, 2, 3, 4]);
  });

  it('code a single symbol in one bit', () => {
    const frequencies = new Float64Array(256);
    frequencies[7] = 5;
    expect(codesOf(optimalHuffmanTable(frequencies)).length[7]).toBe(1);
  });

  it('never use more than 16 bits nor the code of all ones', () => {
    const next = random(5);
    for (let round = 0; round < 40; round++) {
      const frequencies = Float64Array.from({ length: 256 }, () => Math.floor(2 ** (next() * 30) - 1));
      // Fibonacci weights make the deepest trees.
      if (round === 0) frequencies.set(frequencies.map((_, i) => (i < 40 ? 1.618 ** i : 0)));
      const table = optimalHuffmanTable(frequencies);
      expect(table.symbols.length).toBe(frequencies.filter((f) => f > 0).length);
      expect(table.counts.reduce((sum, count) => sum + count, 0)).toBe(table.symbols.length);
      const kraftSum = table.counts.reduce((sum, count, length) => sum + count / 2 ** length, 0);
      expect(kraftSum).toBeLessThanOrEqual(1 - 2 ** -16);
    }
  });
});
