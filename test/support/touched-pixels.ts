import { type BlockSet, blockFootprint } from '../../lib/formats/jpeg/block-mask.ts';
import type { JpegStructure } from '../../lib/formats/jpeg/scan/structure.ts';
import type { Box, Mask } from '../../lib/pixels/raster.ts';

/**
 * The pixels of a box whose decoded value may differ after touching these blocks: 255; all others decode the
 * same, bit for bit.
 */
export function touchedPixels(structure: JpegStructure, touched: BlockSet, box: Box): Mask {
  const data = new Uint8Array(box.width * box.height);
  structure.components.forEach((component, index) => {
    const bitmap = touched[index]!;
    const { blocksWide } = component;
    for (let i = bitmap.indexOf(1); i >= 0; i = bitmap.indexOf(1, i + 1)) {
      const part = blockFootprint(structure, component, i % blocksWide, Math.floor(i / blocksWide));
      if (part !== undefined) fillBox(data, box, part);
    }
  });
  return { width: box.width, height: box.height, channels: 1, data };
}

function fillBox(data: Uint8Array, box: Box, part: Box): void {
  const from = Math.max(part.left, box.left) - box.left;
  const to = Math.min(part.left + part.width, box.left + box.width) - box.left;
  const bottom = Math.min(part.top + part.height, box.top + box.height);
  for (let y = Math.max(part.top, box.top); y < bottom && from < to; y++) {
    const base = (y - box.top) * box.width;
    data.fill(255, base + from, base + to);
  }
}
