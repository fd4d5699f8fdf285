import { type Spliced, spliceJpeg } from '../../lib/formats/jpeg/splice/splice.ts';
import { crop } from '../../lib/pixels/box.ts';
import type { Box, Mask, Raster } from '../../lib/pixels/raster.ts';
import { decodeJpeg, paste, picture } from './jpeg-pictures.ts';
import { decodeReference, type ReferenceJpeg } from './reference-jpeg.ts';

/** No multiple of a block. */
export const box: Box = { left: 37, top: 29, width: 75, height: 58 };

export interface Edited {
  readonly source: Uint8Array;
  /** The whole source, decoded, and the patch: its box now and as wanted. */
  readonly original: Raster;
  readonly before: Raster;
  readonly after: Raster;
  readonly result: Spliced;
}

/** Splices another picture into `box`, within the mask where there is one. */
export async function spliceBox(source: Uint8Array, mask?: Mask): Promise<Edited> {
  const original = await decodeJpeg(source);
  const before = crop(original, box);
  const other = picture(box.width, box.height, before.channels as 1 | 3 | 4, 7);
  const after = mask ? paste(before, other, mask) : other;
  return { source, original, before, after, result: spliced(source, [{ box, before, after }]) };
}

/** @throws when the file cannot be spliced. */
export function spliced(source: Uint8Array, patches: Parameters<typeof spliceJpeg>[0]['patches']): Spliced {
  const result = spliceJpeg({ source, patches });
  if (result.kind !== 'spliced') throw new Error(`not spliced: ${result.code} ${result.reason}`);
  return result;
}

/** All segments but Huffman tables. */
export const withoutTables = ({ segments }: ReferenceJpeg) => segments.filter(([marker]) => marker !== 0xc4);

/** By component, 1 for each block whose coefficients differ. */
export function changedBlocks(a: ReferenceJpeg, bytes: Uint8Array): Uint8Array[] {
  const b = decodeReference(bytes);
  return a.components.map(({ coefficients }, c) => {
    const blocks = new Uint8Array(coefficients.length / 64);
    const others = b.components[c]!.coefficients;
    coefficients.forEach((value, i) => {
      if (value !== others[i]) blocks[i >> 6] = 1;
    });
    return blocks;
  });
}
