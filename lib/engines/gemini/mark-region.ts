import { EditError } from '../../errors.ts';
import { assertSameSize, type Box, type Mask, type Raster } from '../../pixels/raster.ts';

/** Magenta: rare in photographs, and has a name a prompt can use. */
export const markColour = { name: 'magenta', rgb: [255, 0, 255] } as const;
/** Half: what is marked can still be recognised, and the mark cannot be missed. */
const tint = 0.5;
/** Width of the solid outline, as a fraction of the longer side: 4 px at 1024. */
const outlineFraction = 1 / 256;

/** The smallest box around everything above 0; `undefined` for an empty mask. */
export function maskBox(mask: Mask): Box | undefined {
  const { width, height, data } = mask;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right === 0 ? undefined : { left, top, width: right - left, height: bottom - top };
}

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
  const isInside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask.data[y * width + x]! > 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (mask.data[y * width + x] === 0) continue;
      const isOutline =
        !isInside(x - reach, y) ||
        !isInside(x + reach, y) ||
        !isInside(x, y - reach) ||
        !isInside(x, y + reach);
      const weight = isOutline ? 1 : tint;
      for (let c = 0; c < 3; c++) {
        const at = (y * width + x) * 3 + c;
        data[at] = Math.round(data[at]! + (markColour.rgb[c]! - data[at]!) * weight);
      }
    }
  }
  return { width, height, channels: 3, data };
}
