import type { Mask } from './raster.ts';

/** Compared with natively: at 24 MP a loop in JavaScript over a mostly black mask takes longer than decoding it. */
let zeros = new Uint8Array(1 << 14);

/** True when every sample of `data[from, to)` is 0. Native: memory is compared, not looped over. */
export function isBlank(data: Uint8Array | Uint16Array, from: number, to: number): boolean {
  const length = (to - from) * data.BYTES_PER_ELEMENT;
  if (zeros.length < length) zeros = new Uint8Array(2 * length);
  const part = Buffer.from(data.buffer, data.byteOffset + from * data.BYTES_PER_ELEMENT, length);
  return part.compare(zeros, 0, length) === 0;
}

/** Number of pixels above 0. */
export function countAbove0({ data, width, height }: Mask): number {
  let count = 0;
  for (let y = 0; y < height; y++) {
    const to = (y + 1) * width;
    if (isBlank(data, to - width, to)) continue;
    for (let i = to - width; i < to; i++) count += data[i] === 0 ? 0 : 1;
  }
  return count;
}
