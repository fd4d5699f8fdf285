import { EditError } from '../errors.ts';
import { type Alignment, alignedWindow } from './alignment.ts';
import { crop as cut } from './box.ts';
import { type FloatRaster, samplesPerLevel } from './float-raster.ts';
import type { Harmony } from './harmonise.ts';
import { assertShape, type Box, type Mask, type Raster } from './raster.ts';
import { type AxisTaps, sumRows, windowTaps } from './resample.ts';

export interface Blended {
  /** The patch: size of `patch`, channels and depth of the crop. */
  readonly raster: Raster;
  /** Pixels with any other value than before. */
  readonly changedPixels: number;
  /** Largest change of a sample, in sample values of the raster's depth. */
  readonly largestChange: number;
}

export interface BlendArgs {
  /** The crop as it was, in the image's own space and depth. */
  readonly crop: Raster;
  /** The model's answer in the same space, any size, 8 or 16 bit; its channels are the colour channels. */
  readonly edited: Raster;
  /** A box of the crop, px of it; only this is made. */
  readonly patch: Box;
  /** Size of the patch: how much of the answer to take. */
  readonly alpha: Mask;
  readonly alignment: Alignment;
  readonly harmony: Pick<Harmony, 'tone' | 'residual'>;
}

/**
 * The fused pass: samples the answer where it belongs, corrects it, and blends it into the patch.
 *
 * `out = original + (gain * sample + offset + residual - original) * alpha / 255`, per colour channel,
 * rounded to nearest and clamped; sample by Catmull-Rom through the alignment, residual bilinear.
 * Where alpha is 0 the original value survives exactly; channels beyond the answer's (alpha) always do.
 * Row by row, so that nothing of the patch's size is held but the patch itself.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 * @see Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984; Keys, IEEE TASSP 1981.
 */
export function blend(args: BlendArgs): Blended {
  assertFits(args);
  const { crop, edited, patch, alpha, alignment, harmony } = args;
  const { residual, tone } = harmony;
  const colours = edited.channels;
  const window = alignedWindow({ edited, crop, patch, alignment });
  const sampling = windowTaps({ source: edited, window, size: patch, kernel: 'cubic' });
  const cropToMap = alignedWindow({
    edited: residual,
    crop,
    patch,
    alignment: { shiftX: 0, shiftY: 0, scale: 1 },
  });
  const light = windowTaps({ source: residual, window: cropToMap, size: patch, kernel: 'area' });
  const out = cut(crop, patch);
  const perLevel = samplesPerLevel(crop.data);
  const values = new Float32Array(patch.width * colours);
  const corrections = new Float32Array(patch.width * colours);
  const sampleRow = rowSampler(edited, sampling);
  const lightRow = rowSampler(residual, light);
  let changedPixels = 0;
  let largestChange = 0;
  for (let y = 0; y < patch.height; y++) {
    const span = spanAbove0(alpha.data, y * patch.width, patch.width);
    if (span === undefined) continue;
    sampleRow(y, span, values);
    lightRow(y, span, corrections);
    for (let x = span.from; x < span.to; x++) {
      const weight = alpha.data[y * patch.width + x]! / 255;
      if (weight === 0) continue;
      const base = (y * patch.width + x) * crop.channels;
      let changed = 0;
      for (let c = 0; c < colours; c++) {
        const k = x * colours + c;
        const wanted = (tone.gains[c]! * values[k]! + tone.offsets[c]! + corrections[k]!) * perLevel;
        const before = out.data[base + c]!;
        const after = clampSample(before + (wanted - before) * weight, perLevel);
        out.data[base + c] = after;
        changed = Math.max(changed, Math.abs(after - before));
      }
      if (changed > 0) changedPixels++;
      if (changed > largestChange) largestChange = changed;
    }
  }
  return { raster: out, changedPixels, largestChange };
}

function clampSample(value: number, perLevel: number): number {
  const most = 255 * perLevel;
  return value <= 0 ? 0 : value >= most ? most : Math.round(value);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function spanAbove0(data: Uint8Array, base: number, width: number): Span | undefined {
  let from = 0;
  while (from < width && data[base + from] === 0) from++;
  if (from === width) return undefined;
  let to = width;
  while (data[base + to - 1] === 0) to--;
  return { from, to };
}

/** Fills pixels `span` of one output row; source columns nobody asks for are not summed. */
function rowSampler(
  source: Raster | FloatRaster,
  { horizontal, vertical }: { readonly horizontal: AxisTaps; readonly vertical: AxisTaps },
): (row: number, span: Span, out: Float32Array) => void {
  const { channels } = source;
  const { taps, first, weights } = horizontal;
  const line = new Float32Array(source.width * channels);
  return (row, span, out) => {
    const from = first[span.from]! * channels;
    const to = (first[span.to - 1]! + taps) * channels;
    sumRows({ source, vertical, row, from, to, out: line });
    for (let x = span.from; x < span.to; x++) {
      const base = first[x]! * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < taps; t++) sum += weights[x * taps + t]! * line[base + t * channels + c]!;
        out[x * channels + c] = sum;
      }
    }
  };
}

function assertFits({ crop, edited, patch, alpha, harmony }: BlendArgs): void {
  assertShape(crop);
  assertShape(edited);
  const inside =
    patch.left >= 0 &&
    patch.top >= 0 &&
    patch.left + patch.width <= crop.width &&
    patch.top + patch.height <= crop.height;
  const colours = edited.channels;
  const fits =
    inside &&
    alpha.width === patch.width &&
    alpha.height === patch.height &&
    colours <= crop.channels &&
    harmony.residual.channels === colours &&
    harmony.tone.gains.length === colours;
  if (fits) return;
  throw new EditError(
    'SHAPE_MISMATCH',
    `Expected a patch of ${crop.width} x ${crop.height} x ${crop.channels} with its alpha, tone and residual, ` +
      `got ${patch.width} x ${patch.height}, alpha ${alpha.width} x ${alpha.height}, ${colours} colours`,
  );
}
