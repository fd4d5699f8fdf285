import { alignedWindow } from '../../lib/fit/alignment.ts';
import { blur } from '../../lib/pixels/blur.ts';
import { boxOf } from '../../lib/pixels/box.ts';
import type { FloatRaster, Raster, Size } from '../../lib/pixels/raster.ts';
import { resample } from '../../lib/pixels/resample.ts';
import { random } from '../support/pictures.ts';

/** What a model does to a picture beside what it was asked for. Lengths in px of the model's frame. */
export interface Drift {
  readonly gains: readonly [number, number, number];
  readonly gamma: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly zoom: number;
  readonly blurPx: number;
  /** Share of the level by which a slow wave of light brightens and darkens. */
  readonly light: number;
  /** Standard deviation, levels. */
  readonly noise: number;
}

export const drifts = {
  mild: {
    gains: [1.01, 0.995, 0.99],
    gamma: 1.01,
    shiftX: 0.4,
    shiftY: 0.3,
    zoom: 1,
    blurPx: 0.4,
    light: 0.006,
    noise: 1,
  },
  medium: {
    gains: [1.035, 0.985, 0.965],
    gamma: 1.04,
    shiftX: 1.3,
    shiftY: -0.8,
    zoom: 1,
    blurPx: 0.6,
    light: 0.018,
    noise: 2,
  },
  strong: {
    gains: [1.08, 0.97, 0.93],
    gamma: 1.1,
    shiftX: -3.2,
    shiftY: 2.1,
    zoom: 1.006,
    blurPx: 0.8,
    light: 0.035,
    noise: 3,
  },
} as const satisfies Record<string, Drift>;

export type DriftName = keyof typeof drifts;

/** Seeded normal noise, so that every run measures the same thing (Box-Muller). */
export function normalNoise(seed: number): () => number {
  const uniform = random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** H x W x 3, 8 bit -> what a model of that frame with that drift would answer, 8 bit. */
export function simulateModel(truth: Raster, frame: Size, drift: Drift, seed: number): Raster {
  const moved = alignedWindow({
    edited: truth,
    crop: frame,
    patch: boxOf(frame),
    alignment: {
      shiftX: -drift.shiftX / frame.width / drift.zoom,
      shiftY: -drift.shiftY / frame.height / drift.zoom,
      scale: 1 / drift.zoom,
    },
  });
  const seen = blur(resample({ source: truth, window: moved, size: frame, kernel: 'cubic' }), drift.blurPx);
  return tone(seen, drift, normalNoise(seed));
}

function tone({ width, height, data }: FloatRaster, drift: Drift, noise: () => number): Raster {
  const out = new Uint8Array(data.length);
  for (let p = 0; p < width * height; p++) {
    const x = (p % width) / width;
    const y = Math.trunc(p / width) / height;
    const light = 1 + drift.light * Math.sin(2 * Math.PI * (1.1 * x + 0.3)) * Math.cos(2 * Math.PI * 0.9 * y);
    for (let c = 0; c < 3; c++) {
      const level = Math.max(0, data[p * 3 + c]!) / 255;
      const value = 255 * level ** drift.gamma * drift.gains[c]! * light + drift.noise * noise();
      out[p * 3 + c] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
  return { width, height, channels: 3, data: out };
}
