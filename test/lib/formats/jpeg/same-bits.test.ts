import { describe, expect, it } from 'vitest';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { readJpegStructure } from '../../../../lib/formats/jpeg/scan/structure.ts';
import type { Raster } from '../../../../lib/pixels/raster.ts';
import { encodeJpeg, picture } from '../../../support/jpeg-pictures.ts';

const options = { quality: 90, optimiseCoding: false } as const;

const prove = (source: Uint8Array, output: Uint8Array, touchedBlocks: readonly number[] = []) =>
  proveSplice({
    source,
    output,
    touched: readJpegStructure(source).components.map(({ blocksWide, blocksHigh }) => {
      const bitmap = new Uint8Array(blocksWide * blocksHigh);
      for (const at of touchedBlocks) bitmap[at] = 1;
      return { bitmap };
    }),
  });

describe('the proof passes equal bits at once, and yet', () => {
  it('sees a DC value that is carried through all blocks behind it, whose bits are the same', async () => {
    // At quality 90 the DC step is 3: all blocks but the first are coded as the same difference to the one before.
    const flat = await encodeJpeg(grey(64, 64, 99), options);
    const lighter = await encodeJpeg(grey(64, 64, 105), options);
    expect(prove(flat, flat).holds).toBe(true);
    expect(prove(flat, lighter, [0])).toMatchObject({ holds: false, differingBlocks: 63 });
  });

  it('sees one block far behind what a window holds', async () => {
    const noise = picture(1024, 1024, 1, 5);
    const changed = { ...noise, data: Uint8Array.from(noise.data) };
    for (let y = 1000; y < 1008; y++) changed.data.fill(200, y * 1024 + 480, y * 1024 + 488);
    const [source, output] = [await encodeJpeg(noise, options), await encodeJpeg(changed, options)];
    expect(source.length).toBeGreaterThan(4 * 64 * 1024);
    expect(prove(source, output)).toMatchObject({ holds: false, differingBlocks: 1 });
    expect(prove(source, output, [125 * 128 + 60]).holds).toBe(true);
  });

  it('sees other codes for the same bits', async () => {
    const source = await encodeJpeg(picture(160, 160, 1, 2), options);
    // Runs of 3 and of 4 zeros before a value of 1 bit: their codes have the same length, so both files decode.
    const output = Uint8Array.from(source);
    const [three, four] = [output.indexOf(0x31, tableAt(source)), output.indexOf(0x41, tableAt(source))];
    output[three] = 0x41;
    output[four] = 0x31;
    expect(prove(source, output)).toMatchObject({ holds: false, tablesEqual: false });
  });
});

const grey = (width: number, height: number, level: number): Raster => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(level),
});

/** Where the symbols of the AC table begin. */
function tableAt(source: Uint8Array): number {
  const table = readJpegStructure(source).segments.find(
    ({ marker, dataOffset }) => marker === 0xc4 && source[dataOffset] === 0x10,
  );
  if (!table) throw new Error('expected a segment with the first AC table');
  return table.dataOffset + 17;
}
