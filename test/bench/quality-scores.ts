import { blur } from '../../lib/pixels/blur.ts';
import { insideDistance } from '../../lib/pixels/distance.ts';
import { type FloatRaster, luma, type Mask, type Raster } from '../../lib/pixels/raster.ts';
import { resizeTo } from '../../lib/pixels/resample.ts';

/** How far a result is from what was really there; only a simulation knows that. */
export interface Scores {
  /** Mean absolute error of the luma gradient across the mask's edge, levels. */
  readonly step: number;
  /** Root mean square of the low-passed colour error in the first 16 px inside, levels. */
  readonly seam: number;
  /** The same in the first 48 px inside: where an old object would shine through. */
  readonly ghost: number;
  readonly psnr: number;
  /** Mean CIEDE2000 inside. */
  readonly deltaE: number;
}

const seamLowPassPx = 4;

export function scoresOf(result: Raster, truth: Raster, mask: Mask): Scores {
  const got = resizeTo(result, result);
  const real = resizeTo(truth, truth);
  const distance = insideDistance(mask);
  const error = { ...got, data: got.data.map((value, i) => value - real.data[i]!) };
  const smooth = blur(error, seamLowPassPx);
  return {
    step: gradientStep(luma(error), mask),
    seam: rmsWithin(smooth, distance, 16),
    ghost: rmsWithin(smooth, distance, 48),
    psnr: 20 * Math.log10(255 / Math.max(1e-9, rmsWithin(error, distance, Number.POSITIVE_INFINITY))),
    deltaE: meanDeltaE(got, real, mask),
  };
}

function rmsWithin(error: FloatRaster, distance: Float32Array, toPx: number): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < error.data.length; i++) {
    const d = distance[Math.trunc(i / error.channels)]!;
    if (d === 0 || d > toPx) continue;
    sum += error.data[i]! ** 2;
    count++;
  }
  return Math.sqrt(sum / Math.max(1, count));
}

/** Pairs of neighbours, one inside and one outside. */
function gradientStep(error: FloatRaster, mask: Mask): number {
  const { width, height } = mask;
  let [sum, count] = [0, 0];
  const add = (p: number, q: number): void => {
    if (mask.data[p]! > 0 === mask.data[q]! > 0) return;
    sum += Math.abs(error.data[p]! - error.data[q]!);
    count++;
  };
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const p = y * width + x;
      add(p, p + 1);
      add(p, p + width);
    }
  }
  return sum / Math.max(1, count);
}

function meanDeltaE(a: FloatRaster, b: FloatRaster, mask: Mask): number {
  let [sum, count] = [0, 0];
  // Every third pixel: a mean needs no more.
  for (let p = 0; p < mask.data.length; p += 3) {
    if (mask.data[p] === 0) continue;
    sum += deltaE2000(labAt(a, p), labAt(b, p));
    count++;
  }
  return sum / Math.max(1, count);
}

type Lab = readonly [number, number, number];

function labAt({ data }: FloatRaster, p: number): Lab {
  const [r, g, b] = [linear(data[p * 3]!), linear(data[p * 3 + 1]!), linear(data[p * 3 + 2]!)];
  const x = labCurve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = labCurve(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = labCurve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function linear(level: number): number {
  const v = Math.min(255, Math.max(0, level)) / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

function labCurve(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116;
}

const degrees = (value: number): number => (value * Math.PI) / 180;

function hue(a: number, b: number): number {
  if (a === 0 && b === 0) return 0;
  const angle = (Math.atan2(b, a) * 180) / Math.PI;
  return angle < 0 ? angle + 360 : angle;
}

/**
 * @see Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula", Color Research and Application 2005.
 */
export function deltaE2000([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const mean = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7)));
  const c1 = Math.hypot(a1 * (1 + g), b1);
  const c2 = Math.hypot(a2 * (1 + g), b2);
  const h1 = hue(a1 * (1 + g), b1);
  const h2 = hue(a2 * (1 + g), b2);
  const gray = c1 * c2 === 0;
  const turn = gray ? 0 : h2 - h1 > 180 ? h2 - h1 - 360 : h2 - h1 < -180 ? h2 - h1 + 360 : h2 - h1;
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(degrees(turn / 2));
  const lMean = (l1 + l2) / 2;
  const cMean = (c1 + c2) / 2;
  const far = Math.abs(h1 - h2) > 180;
  const hMean = gray ? h1 + h2 : far ? (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2 : (h1 + h2) / 2;
  const t =
    1 -
    0.17 * Math.cos(degrees(hMean - 30)) +
    0.24 * Math.cos(degrees(2 * hMean)) +
    0.32 * Math.cos(degrees(3 * hMean + 6)) -
    0.2 * Math.cos(degrees(4 * hMean - 63));
  const sl = 1 + (0.015 * (lMean - 50) ** 2) / Math.sqrt(20 + (lMean - 50) ** 2);
  const sc = 1 + 0.045 * cMean;
  const sh = 1 + 0.015 * cMean * t;
  const rc = 2 * Math.sqrt(cMean ** 7 / (cMean ** 7 + 25 ** 7));
  const rt = -Math.sin(degrees(60 * Math.exp(-(((hMean - 275) / 25) ** 2)))) * rc;
  const [dl, dc, dh] = [(l2 - l1) / sl, (c2 - c1) / sc, dH / sh];
  return Math.sqrt(dl * dl + dc * dc + dh * dh + rt * dc * dh);
}
