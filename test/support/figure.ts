import type { Raster } from '../../lib/pixels/raster.ts';
import { picture, texture } from './made-pictures.ts';

type Rgb = readonly [number, number, number];

const skin: Rgb = [214, 164, 135];
const hair: Rgb = [52, 34, 26];
const shirt: Rgb = [60, 74, 140];

const inEllipse = (x: number, y: number, cx: number, cy: number, rx: number, ry: number) =>
  ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;

/**
 * A head and shoulders by a few ellipses, which a net for people takes for a person.
 *
 * @returns what shows at a point, 0..1 of width and height; `undefined` beside the figure.
 */
export function figureAt(x: number, y: number): Rgb | undefined {
  const isEye = [-0.05, 0.05].some((dx) => inEllipse(x, y, 0.5 + dx, 0.33, 0.018, 0.01));
  if (isEye) return [30, 25, 25];
  if (inEllipse(x, y, 0.5, 0.42, 0.045, 0.012)) return [160, 80, 80];
  if (inEllipse(x, y, 0.5, 0.36, 0.115, 0.15)) return skin;
  if (inEllipse(x, y, 0.5, 0.31, 0.14, 0.16)) return hair;
  if (Math.abs(x - 0.5) < 0.055 && y > 0.45 && y < 0.6) return skin;
  return inEllipse(x, y, 0.5, 1, 0.36, 0.42) ? shirt : undefined;
}

/** The figure before a wall of waves: W x H x 3. */
export function figurePicture(width: number, height: number): Raster {
  return picture(width, height, 3, (x, y, c) => {
    const at = figureAt((x + 0.5) / width, (y + 0.5) / height);
    const wall = texture((x * 256) / width, (y * 256) / height, c) * 0.35 + 120;
    return at === undefined ? wall : at[c]! + 12 * Math.sin(0.5 * x + 0.9 * y);
  });
}
