import { describe, expect, it, test } from 'vitest';
import type { EditError } from '../../../../lib/errors.ts';
import { indexScan, offsetOfMcu, type ScanIndex } from '../../../../lib/formats/jpeg/scan/scan-index.ts';
import { type JpegStructure, readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { withEachPoison } from '../../../support/poisoned-kernels.ts';
import { decodeReference } from '../../../support/reference-jpeg.ts';

/** The DC value of the last block of each component before an MCU, from another decoder. */
function predictorsOf(source: Uint8Array, { mcusWide, mcusHigh }: JpegStructure, interval: number): number[] {
  const { components } = decodeReference(source);
  const single = components.length === 1;
  const values: number[] = [];
  for (let mcu = 0; mcu < mcusWide * mcusHigh; mcu++) {
    const last = mcu % interval === 0 ? undefined : mcu - 1;
    for (const { h, v, blocksWide, coefficients } of components) {
      if (last === undefined) {
        values.push(0);
        continue;
      }
      const column = (last % mcusWide) * (single ? 1 : h) + (single ? 0 : h - 1);
      const row = Math.floor(last / mcusWide) * (single ? 1 : v) + (single ? 0 : v - 1);
      values.push(coefficients[(row * blocksWide + column) * 64]!);
    }
  }
  return values;
}

/**
 * The byte and bit of the file at which an MCU begins, told by its neighbours: positions grow by whole
 * MCUs.
 */
const isOrdered = ({ positions, interval, ends }: ScanIndex) =>
  positions.every((from, mcu) => {
    const isLast = (mcu + 1) % interval === 0 || mcu + 1 === positions.length;
    const to = isLast ? ends[Math.floor(mcu / interval)]! : positions[mcu + 1]!;
    return (mcu % interval > 0 || from === 0) && to > from;
  });

/** Several scans are decoded instead. */
const ofOneScan = jpegKinds.filter(({ name }) => !/progressive|one scan/.test(name));

describe.each(ofOneScan)('the index of $name', ({ make }) => {
  it('knows where each MCU begins and from which DC values it goes on', async () => {
    const source = await make();
    const structure = readJpegStructure(source);
    const indexes = withEachPoison(() => indexScan(source, structure));
    const index = indexes[0]!;
    for (const other of indexes) expect(other).toEqual(index);
    expect(isOrdered(index)).toBe(true);
    expect([...index.predictors]).toEqual(predictorsOf(source, structure, index.interval));
  });
});

/** Its scan is longer than several buffers. */
const long = await encodeJpeg(picture(1200, 900, 3), { quality: 95, optimiseCoding: false });

test('the place of an MCU in the file is found far behind the first buffer', () => {
  const structure = readJpegStructure(long);
  const { dataOffset } = structure.scans[0]!;
  const index = indexScan(long, structure);
  expect(index.stations.length).toBeGreaterThan(3);
  const unstuffed = [...long.subarray(dataOffset)].filter(
    (byte, i, all) => byte !== 0 || all[i - 1] !== 0xff,
  );
  for (const mcu of [0, 1, 999, index.positions.length - 1]) {
    const offset = offsetOfMcu(long, index, mcu);
    const expected = unstuffed.slice(Math.floor(index.positions[mcu]! / 8)).slice(0, 12);
    const found = [...long.subarray(offset, offset + 40)].filter(
      (byte, i, all) => byte !== 0 || all[i - 1] !== 0xff,
    );
    expect(found.slice(0, 12)).toEqual(expected);
  }
});

test('a scan that is cut off anywhere is refused as such', () => {
  const { dataOffset, dataEnd } = readJpegStructure(long).scans[0]!;
  const early = Array.from({ length: 40 }, (_, i) => 1 + i * 37);
  const codes = [...early, 300_000, dataEnd - dataOffset - 9].flatMap((length) => {
    const cut = long.subarray(0, dataOffset + length);
    return withEachPoison(() => codeOf(() => indexScan(cut, readJpegStructure(cut))));
  });
  expect(new Set(codes)).toEqual(new Set(['IMAGE_TRUNCATED']));
});

function codeOf(work: () => unknown): string {
  try {
    return `no error, but ${work()}`;
  } catch (error) {
    return (error as EditError).code;
  }
}
