import type { SparseMask } from './boxed-mask.ts';

/** The two values that a mask consists of. */
export interface TwoValues {
  readonly low: number;
  readonly high: number;
}

/** The edges of an exact mask of two values may be smoothed: up to this share of the rarer value. */
const smoothedShare = 0.1;
/** The same for a lossy mask, which has noise around edges as well. */
const noiseShare = 0.25;
/** Lossy codecs spread one value by about this much. */
const spread = 24;
/** Noise around the edge between two values, as a share of their difference; JPEG quality 50. */
const ringingShare = 40 / 255;

/**
 * Finds the two values that a mask consists of, whatever they are: 0 and 1, or the luma of red and black.
 *
 * @param levels how many pixels have each value, 0..255. @returns `undefined` for a soft mask.
 */
export function twoValuesOf(
  levels: readonly number[],
  { isLossy }: { readonly isLossy: boolean },
): TwoValues | undefined {
  const most = mostFrequent(levels, () => true);
  const other = mostFrequent(levels, (value) => Math.abs(value - most) >= (isLossy ? spread : 1));
  if (levels[other]! === 0) return undefined;
  const low = Math.min(most, other);
  const high = Math.max(most, other);
  const reach = isLossy ? Math.max(4, ringingShare * (high - low)) : 0;
  const near = (value: number, centre: number) => Math.abs(value - centre) <= reach;
  const sum = (isCounted: (value: number) => boolean) =>
    levels.reduce((total, count, value) => (isCounted(value) ? total + count : total), 0);
  const outside = sum((value) => value < low - reach || value > high + reach);
  const isBetween = (value: number) => value > low + reach && value < high - reach;
  const between = sum(isBetween);
  const rarer = sum((value) => near(value, other));
  const isTwo = isLossy
    ? outside + between <= rarer * noiseShare
    : outside === 0 && between <= rarer * smoothedShare;
  return isTwo ? { low, high } : undefined;
}

function mostFrequent(levels: readonly number[], isCandidate: (value: number) => boolean): number {
  let best = levels.findIndex((_, value) => isCandidate(value));
  levels.forEach((count, value) => {
    if (isCandidate(value) && count > levels[best]!) best = value;
  });
  return best;
}

/** A table from old to new values: `low` becomes 0, `high` 255, and noise of lossy codecs is taken away. */
export function spreadOf(
  { low, high }: TwoValues,
  { isLossy }: { readonly isLossy: boolean },
): (value: number) => number {
  const noise = isLossy ? 255 * ringingShare : 0;
  return (value) => {
    const spreadValue = ((value - low) * 255) / (high - low);
    return spreadValue < noise ? 0 : spreadValue > 255 - noise ? 255 : Math.round(spreadValue);
  };
}

/** True when most pixels at the border of the picture are nearer to `high`. */
export function isHighAtBorder({ width, height, part }: SparseMask, { low, high }: TwoValues): boolean {
  const middle = (low + high) / 2;
  let count = 0;
  let highs = 0;
  const valueAt = (x: number, y: number): number => {
    const { box, mask } = part!;
    const [column, row] = [x - box.left, y - box.top];
    const isStored = column >= 0 && row >= 0 && column < box.width && row < box.height;
    return isStored ? mask.data[row * box.width + column]! : 0;
  };
  const look = (x: number, y: number): void => {
    count++;
    if (part && valueAt(x, y) > middle) highs++;
  };
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) look(x, y);
  for (let y = 1; y < height - 1; y++) for (const x of [0, width - 1]) look(x, y);
  return 2 * highs > count;
}
