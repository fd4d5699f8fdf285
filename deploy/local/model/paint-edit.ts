import { dilate } from '../../../lib/pixels/mask.ts';
import type { Mask } from '../../../lib/pixels/raster.ts';
import type { Behaviour } from './behaviour.ts';
import type { Rgb } from './pixels.ts';
import { paintPlaceholder } from './placeholder.ts';
import type { Removal } from './removal.ts';

export interface PaintOrder {
  readonly mode: 'removal' | 'insertion';
  readonly crop: Rgb;
  /** Of the size of the crop. */
  readonly mask: Mask;
  /** Fraction of the width. */
  readonly dilation: number;
  readonly samples: number;
}

/** The edited pictures, one for each candidate, unchanged outside the grown mask. */
export async function paintEdit(
  { mode, crop, mask, dilation, samples }: PaintOrder,
  removal: Removal,
  behaviour: Behaviour,
  signal: AbortSignal,
): Promise<readonly Rgb[]> {
  const candidates = Array.from({ length: samples }, (_, n) => n);
  if (behaviour.unedited) return candidates.map(() => crop);
  const grown = dilate(mask, Math.round(dilation * crop.width));
  if (mode === 'insertion') return candidates.map((n) => paintPlaceholder(crop, grown, 'insertion', n));
  // Nothing left to continue from: a model would make something up.
  if (!grown.data.includes(0)) return candidates.map((n) => paintPlaceholder(crop, grown, 'removal', n));
  const filled = await removal(crop, grown, signal);
  return candidates.map(() => filled);
}
