import type { Mask, Size } from '../../../lib/pixels/raster.ts';
import type { AutomaticMaskOrder } from './edit-order.ts';
import { hashOf, randomFrom } from './random.ts';

interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
}

/** Where subjects stand in most photographs, as fractions of width and height. */
const subject: Ellipse = { x: 0.5, y: 0.52, radiusX: 0.28, radiusY: 0.34 };

/**
 * The mask a model would have found, without looking: the middle for the foreground, all around it for the
 * background, and one place of its own for each semantic class. The same order gets the same mask.
 */
export function automaticMask({ kind, classes }: AutomaticMaskOrder, { width, height }: Size): Mask {
  const ellipses = kind === 'semantic' ? classes.map(ellipseOf) : [subject];
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isSubject = ellipses.some((ellipse) => covers(ellipse, (x + 0.5) / width, (y + 0.5) / height));
      data[y * width + x] = isSubject === (kind !== 'background') ? 255 : 0;
    }
  }
  return { width, height, channels: 1, data };
}

function ellipseOf(id: number): Ellipse {
  const random = randomFrom(hashOf(id));
  return {
    x: 0.3 + random() * 0.4,
    y: 0.3 + random() * 0.4,
    radiusX: 0.1 + random() * 0.12,
    radiusY: 0.1 + random() * 0.12,
  };
}

function covers({ x, y, radiusX, radiusY }: Ellipse, atX: number, atY: number): boolean {
  return ((atX - x) / radiusX) ** 2 + ((atY - y) / radiusY) ** 2 <= 1;
}
