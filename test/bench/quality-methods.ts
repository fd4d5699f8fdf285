import { identityAlignment } from '../../lib/image/alignment.ts';
import { blend } from '../../lib/image/blend.ts';
import { boundingBox, crop as cut, grow } from '../../lib/image/box.ts';
import { composite } from '../../lib/image/composite.ts';
import { coverMask } from '../../lib/image/cover-mask.ts';
import { outsideDistance } from '../../lib/image/distance.ts';
import { feather } from '../../lib/image/feather.ts';
import { emptyFloatRaster } from '../../lib/image/float-raster.ts';
import type { Box, Mask, Raster } from '../../lib/image/raster.ts';
import type { Registration } from '../../lib/image/register.ts';
import { fitSize, resizeTo } from '../../lib/image/resample.ts';
import { identityTone, type Tone } from '../../lib/image/tone.ts';

export interface Job {
  readonly crop: Raster;
  readonly edited: Raster;
  readonly mask: Mask;
}

export interface Result {
  readonly patch: Box;
  readonly raster: Raster;
  readonly registration?: Registration;
}

export type Method = (job: Job) => Result;

const plainFeatherPx = 16;

/** The ways to put an answer back that are compared; the first three are what others do. */
export const methods = {
  'hard paste': (job) => paste(job, job.mask, identityTone(3)),
  'plain feather': (job) => paste(job, feather(job.mask, plainFeatherPx), identityTone(3)),
  'mean/std': (job) => paste(job, feather(job.mask, plainFeatherPx), meanStdTone(job)),
  ours: (job) => composite(job),
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

function paste({ crop, edited, mask }: Job, alpha: Mask, tone: Tone): Result {
  const patch = grow(boundingBox(mask)!, 1, crop);
  const residual = emptyFloatRaster(1, 1, 3);
  const raster = blend({
    crop,
    edited,
    patch,
    alpha: cut(alpha, patch),
    alignment: identityAlignment,
    harmony: { tone, residual },
  });
  return { patch, raster };
}

/** Mean and standard deviation of the ring carried over, channel by channel (Reinhard et al. 2001). */
function meanStdTone({ crop, edited, mask }: Job): Tone {
  const size = fitSize(crop, 512);
  const [a, b] = [resizeTo(crop, size).data, resizeTo(edited, size).data];
  const distance = outsideDistance(coverMask(mask, size));
  const ring = Array.from(distance.keys()).filter((p) => distance[p]! >= 2 && distance[p]! <= 32);
  const lines = [0, 1, 2].map((c) => {
    const [from, to] = [moments(ring.map((p) => b[p * 3 + c]!)), moments(ring.map((p) => a[p * 3 + c]!))];
    const gain = to.deviation / Math.max(from.deviation, 1e-6);
    return { gain, offset: to.mean - gain * from.mean };
  });
  return { gains: lines.map(({ gain }) => gain), offsets: lines.map(({ offset }) => offset) };
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
