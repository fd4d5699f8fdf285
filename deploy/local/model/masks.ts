import type { Mask, Size } from '../../../lib/pixels/raster.ts';
import type { AutomaticMask } from './fields.ts';
import { type Rgb, resizeRgb } from './pixels.ts';
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
 * Stands for the mask a model would find, without looking at the picture: the middle for the foreground, all
 * around it for the background, and one fixed ellipse for each semantic class.
 */
export function automaticMask({ kind, classes }: AutomaticMask, { width, height }: Size): Mask {
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

/** The mask of a thing that is known by a number only: one fixed ellipse. */
export const ellipseMask = (id: number, size: Size): Mask =>
  automaticMask({ kind: 'semantic', classes: [id] }, size);

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

/** Levels by which a pixel must differ to be marked: more than JPEG changes a copy by. */
const threshold = 32;

/** The region in which a marked copy differs from its picture, in pixels of the picture. */
export async function markedRegion(picture: Rgb, marked: Rgb): Promise<Mask> {
  const { width, height } = picture;
  const copy = await resizeRgb(marked, picture);
  const data = new Uint8Array(width * height);
  for (let i = 0; i < picture.data.length; i++) {
    if (Math.abs(picture.data[i]! - copy.data[i]!) > threshold) data[Math.floor(i / 3)] = 255;
  }
  return { width, height, channels: 1, data };
}
