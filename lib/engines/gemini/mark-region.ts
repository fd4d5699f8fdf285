import { EditError } from '../../errors.ts';
import { assertSameSize, type Mask, type Raster } from '../../pixels/raster.ts';

/** Magenta: rare in photographs, and has a name a prompt can use. */
export const markColour = { name: 'magenta', rgb: [255, 0, 255] } as const;
/** Half: what is marked can still be recognised, and the mark cannot be missed. */
const tint = 0.5;
/** Width of the solid outline, as a fraction of the longer side: 4 px at 1024. */
const outlineFraction = 1 / 256;

/**
 * A copy of the picture with the masked region tinted and outlined, for models that take no mask.
 *
 * Inside the mask `out = round((picture + colour) / 2)`, on its outline `out = colour`; outside the mask
 * every pixel is the picture's.
 *
 * @param picture H x W x 3, 8 bit.
 * @param mask H x W x 1, 0 or 255.
 * @throws {EditError} `SHAPE_MISMATCH` when sizes differ or the picture is not 8 bit RGB.
 */
export function markRegion(picture: Raster, mask: Mask): Raster {
  assertSameSize(picture, mask);
  if (picture.channels !== 3 || !(picture.data instanceof Uint8Array)) {
    throw new EditError('SHAPE_MISMATCH', `Expected an 8 bit RGB picture, got ${picture.channels} channels`);
  }
  const { width, height } = picture;
  const data = new Uint8Array(picture.data);
  const reach = Math.max(1, Math.round(Math.max(width, height) * outlineFraction));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (mask.data[i] === 0) continue;
      const weight = isOutline(mask, x, y, reach) ? 1 : tint;
      for (let c = 0; c < 3; c++) {
        const value = data[3 * i + c]!;
        data[3 * i + c] = Math.round(value + (markColour.rgb[c]! - value) * weight);
      }
    }
  }
  return { width, height, channels: 3, data };
}

/** True when the mask ends within `reach` pixels to the left, right, top or bottom. */
function isOutline({ width, height, data }: Mask, x: number, y: number, reach: number): boolean {
  const isInside = (column: number, row: number) =>
    column >= 0 && row >= 0 && column < width && row < height && data[row * width + column]! > 0;
  return !(
    isInside(x - reach, y) &&
    isInside(x + reach, y) &&
    isInside(x, y - reach) &&
    isInside(x, y + reach)
  );
}
