import { EditError } from '../../errors.ts';
import { dilate } from '../../pixels/mask.ts';
import type { Mask, Raster } from '../../pixels/raster.ts';
import { type Contract, sidePx } from './contract.ts';

/** A tensor as it goes between threads. */
export interface TensorData {
  readonly type: 'float32' | 'uint8';
  readonly data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
  readonly dims: readonly number[];
}

/** MI-GAN blends a rim of 1 to 3 px of what was removed back, so its mask is grown. */
const rimPx = 4;

/** Where a position of the square lies in a line of `length` px that is continued by reflection. */
function reflected(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const at = position % period;
  return at < length ? at : period - at;
}

/**
 * A crop and its mask -> what the model is fed: squares of 512 px, channel by channel, the crop in the corner
 * and its reflection beside it. The mask is reflected too: else the model would see there, as known, what is
 * to go.
 *
 * @param crop H x W x 3, 8 bit, at most 512 px a side. @param mask H x W x 1, above 0 = to be filled.
 */
export function feedsOf(
  crop: Raster,
  mask: Mask,
  { image, mask: maskName, kind }: Contract,
): Readonly<Record<string, TensorData>> {
  const type = kind === 'lama' ? 'float32' : 'uint8';
  return {
    [image]: { type, data: squareOf(crop, kind), dims: [1, 3, sidePx, sidePx] },
    [maskName]: { type, data: holeOf(mask, kind), dims: [1, 1, sidePx, sidePx] },
  };
}

function squareOf(crop: Raster, kind: Contract['kind']): TensorData['data'] {
  const isLama = kind === 'lama';
  const out = isLama ? new Float32Array(3 * sidePx ** 2) : new Uint8Array(3 * sidePx ** 2);
  const scale = isLama ? 1 / 255 : 1;
  for (let y = 0; y < sidePx; y++) {
    const row = reflected(y, crop.height) * crop.width;
    for (let x = 0; x < sidePx; x++) {
      const from = 3 * (row + reflected(x, crop.width));
      for (let c = 0; c < 3; c++) {
        out[c * sidePx ** 2 + y * sidePx + x] = crop.data[from + c]! * scale;
      }
    }
  }
  return out;
}

function holeOf(mask: Mask, kind: Contract['kind']): TensorData['data'] {
  const isLama = kind === 'lama';
  const out = isLama ? new Float32Array(sidePx ** 2) : new Uint8Array(sidePx ** 2).fill(255);
  const { width, height, data } = isLama ? mask : dilate(mask, rimPx);
  for (let y = 0; y < sidePx; y++) {
    const row = reflected(y, height) * width;
    for (let x = 0; x < sidePx; x++) {
      if (data[row + reflected(x, width)]! > 0) out[y * sidePx + x] = isLama ? 1 : 0;
    }
  }
  return out;
}

/**
 * What the model answered -> H x W x 3, 8 bit, as large as the crop.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` for another size, or for numbers that are none.
 */
export function pictureOf(
  { data, dims }: Pick<TensorData, 'data' | 'dims'>,
  { width, height }: Raster,
  { kind, outputScale }: Contract,
): Raster {
  const pixels = sidePx * sidePx;
  if (dims.join() !== `1,3,${sidePx},${sidePx}`) {
    throw new EditError(
      'ENGINE_BAD_REPLY',
      `Expected 1 x 3 x ${sidePx} x ${sidePx}, got ${dims.join(' x ')}`,
    );
  }
  const scale = kind === 'lama' ? 255 / outputScale : 1;
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const level = data[c * pixels + y * sidePx + x]! * scale;
        if (!Number.isFinite(level)) {
          throw new EditError('ENGINE_BAD_REPLY', `Expected numbers from ONNX_MODEL, got ${level}`);
        }
        out[3 * (y * width + x) + c] = Math.max(0, Math.min(255, Math.round(level)));
      }
    }
  }
  return { width, height, channels: 3, data: out };
}
