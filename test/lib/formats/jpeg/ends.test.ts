import { describe, expect, it } from 'vitest';
import { proveSplice } from '../../../../lib/formats/jpeg/proof/prove.ts';
import { walkJpeg } from '../../../../lib/formats/jpeg/scan/walk.ts';
import { crop } from '../../../../lib/pixels/box.ts';
import type { Box } from '../../../../lib/pixels/raster.ts';
import { jpegKinds } from '../../../support/jpeg-kinds.ts';
import { decodeJpeg, picture } from '../../../support/jpeg-pictures.ts';
import { silentOddities, withBytesBeforeEnd, withBytesInHeader } from '../../../support/odd-jpegs.ts';
import { spliced } from '../../../support/spliced-jpeg.ts';
import { touchedPixels } from '../../../support/touched-pixels.ts';

const boxes: Readonly<Record<string, Box>> = {
  middle: { left: 60, top: 50, width: 40, height: 30 },
  bottom: { left: 60, top: 110, width: 40, height: 21 },
};

/** The end marker and what stands before it. */
const endOf = (bytes: Uint8Array) =>
  /(?:\xff[\xd0-\xd7\xff]?)*\xff\xd9$/.exec(Buffer.from(bytes).toString('latin1'))?.[0];

async function spliceAt(source: Uint8Array, box: Box) {
  const original = await decodeJpeg(source);
  const before = crop(original, box);
  const after = picture(box.width, box.height, before.channels as 1 | 3 | 4, 7);
  return { original, result: spliced(source, [{ box, before, after }]) };
}

/** What decoders pass over, between a block and a marker, is kept. */
describe.each(jpegKinds)('$name', (kind) => {
  it.each(Object.entries(silentOddities))('with %s', async (_, change) => {
    const source = change(await kind.make());
    for (const box of Object.values(boxes)) {
      const { original, result } = await spliceAt(source, box);
      const { bytes, touched, structure } = result;
      expect(proveSplice({ source, output: bytes, touched })).toMatchObject({
        holds: true,
        fault: undefined,
      });
      expect(endOf(bytes)).toBe(endOf(source));
      const output = await decodeJpeg(bytes);
      const region = touchedPixels(structure, touched, { left: 0, top: 0, width: 167, height: 131 });
      const { channels } = original;
      const differs = original.data.map((value, i) => Number(value !== output.data[i]));
      const isOutside = (i: number) => region.data[Math.floor(i / channels)] === 0;
      expect(differs.findIndex((differing, i) => differing === 1 && isOutside(i))).toBe(-1);
    }
  });
});

describe('bytes that do not belong to a JPEG', () => {
  const plain = () => jpegKinds[0]!.make();

  it('are counted, but fill bytes and lone markers are not', async () => {
    const counted = async (source: Uint8Array) => walkJpeg(source).extraneous;
    const before = 0xd9;
    expect(await counted(withBytesBeforeEnd(70_000)(await plain()))).toEqual([{ bytes: 70_000, before }]);
    expect(await counted(withBytesInHeader(await plain()))).toEqual([{ bytes: 10, before: 0xdb }]);
    for (const change of Object.values(silentOddities))
      expect(await counted(change(await plain()))).toEqual([]);
  });

  it('fail the proof when they differ', async () => {
    const change = (count: number) => withBytesBeforeEnd(count);
    for (const kind of [jpegKinds[0]!, jpegKinds.find(({ name }) => name === 'progressive 4:2:0')!]) {
      const source = change(4)(await kind.make());
      const touched = walkJpeg(source).structure.components.map(
        ({ blocksWide, blocksHigh }) => new Uint8Array(blocksWide * blocksHigh),
      );
      const proofOf = (output: Uint8Array) => proveSplice({ source, output, touched }).holds;
      expect(proofOf(source)).toBe(true);
      expect(proofOf(change(5)(await kind.make()))).toBe(false);
    }
  });
});

const restarts = jpegKinds.filter(({ name }) => /restart/.test(name));

describe.skipIf(restarts.length === 0)('an interval that does not end where its marker is', () => {
  it.each(restarts)('is told by the walk: $name', async (kind) => {
    const source = Buffer.from(await kind.make());
    const marker = source.lastIndexOf(Buffer.from([0xff, 0xd2]));
    const longer = Buffer.concat([source.subarray(0, marker), Buffer.from('junk'), source.subarray(marker)]);
    expect(() => walkJpeg(longer)).toThrow(expect.objectContaining({ code: 'IMAGE_UNREADABLE' }));
    const shorter = Buffer.concat([source.subarray(0, marker - 6), source.subarray(marker)]);
    expect(() => walkJpeg(shorter)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^IMAGE_/) }),
    );
  });
});
