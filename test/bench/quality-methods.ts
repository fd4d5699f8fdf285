import { identityAlignment } from '../../lib/fit/alignment.ts';
import { blend } from '../../lib/fit/blend.ts';
import { composite } from '../../lib/fit/composite.ts';
import { smoothstep } from '../../lib/fit/feather.ts';
import type { Registration } from '../../lib/fit/register.ts';
import { identityTone, type Tone } from '../../lib/fit/tone.ts';
import { boundingBox, crop as cut, grow, paste } from '../../lib/pixels/box.ts';
import { insideDistance, outsideDistance } from '../../lib/pixels/distance.ts';
import { coverMask } from '../../lib/pixels/mask.ts';
import { type Box, emptyFloatRaster, type Mask, type Raster } from '../../lib/pixels/raster.ts';
import { fitSize, resizeTo } from '../../lib/pixels/resample.ts';

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

/** The whole picture with the patch in it. */
export function withPatch(crop: Raster, { patch, raster }: Result): Raster {
  const out = { ...crop, data: Uint8Array.from(crop.data) };
  paste(out, raster, patch);
  return out;
}

const plainFeatherPx = 16;

/** The ways to put an answer back that are compared; the first three are what others do. */
export const methods = {
  'hard paste': (job) => pasted(job, job.mask, identityTone(3)),
  'plain feather': (job) => pasted(job, feather(job.mask, plainFeatherPx), identityTone(3)),
  'mean/std': (job) => pasted(job, feather(job.mask, plainFeatherPx), meanStdTone(job)),
  ours: (job) => composite(job),
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

function pasted({ crop, edited, mask }: Job, alpha: Mask, tone: Tone): Result {
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

/** `min(mask, 255 * S(d / featherPx))`, d = distance to the nearest kept pixel. */
function feather(mask: Mask, featherPx: number): Mask {
  const distance = insideDistance(mask, featherPx);
  const data = mask.data.map((value, p) =>
    Math.min(value, Math.round(255 * smoothstep(distance[p]! / featherPx))),
  );
  return { ...mask, data };
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
