import { EditError } from '../errors.ts';
import { type KernelUse, useKernels } from '../kernels/kernels.ts';
import { boxOf, crop as cut, isInside } from '../pixels/box.ts';
import {
  assertShape,
  type Box,
  type FloatRaster,
  type Mask,
  type Raster,
  type Size,
} from '../pixels/raster.ts';
import { RowSampler, type Span } from '../pixels/row-sampler.ts';
import type { Kernel } from '../pixels/taps.ts';
import { type Alignment, alignedWindow, identityAlignment } from './alignment.ts';
import type { Harmony } from './harmonise.ts';

export interface BlendArgs {
  /** The crop as it was, in the image's own space and depth. */
  readonly crop: Raster;
  /** The model's answer in the same space, any size, 8 or 16 bit; its channels are the colour channels. */
  readonly edited: Raster;
  /** The box of the crop to make, px of the crop. */
  readonly patch: Box;
  /** Size of the patch: opacity of the answer, 255 = all. */
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
 * Works row by row: besides the patch itself it holds no raster of the patch's size.
 *
 * @returns the patch: its size, channels and depth of the crop.
 * @throws {EditError} `SHAPE_MISMATCH` when shapes do not fit together.
 * @see Porter and Duff, "Compositing Digital Images", SIGGRAPH 1984; Keys, IEEE TASSP 1981.
 */
export function blend(args: BlendArgs): Raster {
  assertFits(args);
  const { crop, edited, patch, alpha, alignment, harmony } = args;
  const out = cut(crop, patch);
  const { data, channels } = out;
  const length = patch.width * channels;
  const { gains, offsets } = harmony.tone;
  useKernels((use) => {
    const { kernels, arena } = use;
    const place = { crop, patch };
    const answer = samplerOf(use, { ...place, source: edited, alignment, kernel: 'cubic' });
    const light = samplerOf(use, {
      ...place,
      source: harmony.residual,
      alignment: identityAlignment,
      kernel: 'area',
    });
    const weights = arena.put(Float64Array.from({ length: 256 }, (_, opacity) => opacity / 255));
    const tone = arena.put(Float64Array.from([...fourOf(gains), ...fourOf(offsets)]));
    const [row, opacity] = [arena.reserve(length * data.BYTES_PER_ELEMENT), arena.reserve(patch.width)];
    const type = data instanceof Uint16Array ? Uint16Array : Uint8Array;
    for (let y = 0; y < patch.height; y++) {
      const span = spanAbove0(alpha.data, y * patch.width, patch.width);
      if (span === undefined) continue;
      const [wanted, shade] = [answer.row(y, span), light.row(y, span)];
      const pixels = arena.view<Uint8Array | Uint16Array>(type, row, length);
      pixels.set(data.subarray(y * length, (y + 1) * length));
      arena
        .view(Uint8Array, opacity, patch.width)
        .set(alpha.data.subarray(y * patch.width, (y + 1) * patch.width));
      kernels.blendRow(
        ...([row, opacity, weights, wanted, shade, tone, span.from, span.to] as const),
        ...([edited.channels, channels, data.BYTES_PER_ELEMENT] as const),
      );
      data.set(pixels, y * length);
    }
  });
  return out;
}

function spanAbove0(data: Uint8Array, base: number, width: number): Span | undefined {
  let from = 0;
  while (from < width && data[base + from] === 0) from++;
  if (from === width) return undefined;
  let to = width;
  while (data[base + to - 1] === 0) to--;
  return { from, to };
}

interface Sampled {
  /** Covers the whole crop, at any size. */
  readonly source: Raster | FloatRaster;
  readonly crop: Size;
  readonly patch: Box;
  readonly alignment: Alignment;
  readonly kernel: Kernel;
}

/** There are at most four colours; the kernel reads four numbers. */
const fourOf = (values: readonly number[]): number[] => [...values, 0, 0, 0, 0].slice(0, 4);

/** Samples the rows of the patch. */
function samplerOf(use: KernelUse, { source, crop, patch, alignment, kernel }: Sampled): RowSampler {
  const window = alignedWindow({ edited: source, crop, patch, alignment });
  return new RowSampler(use, { source, window, size: patch, kernel });
}

function assertFits({ crop, edited, patch, alpha, harmony }: BlendArgs): void {
  assertShape(crop);
  assertShape(edited);
  const colours = edited.channels;
  const fits =
    isInside(patch, boxOf(crop)) &&
    alpha.width === patch.width &&
    alpha.height === patch.height &&
    colours <= crop.channels &&
    harmony.residual.channels === colours &&
    harmony.tone.gains.length === colours;
  if (fits) return;
  throw new EditError(
    'SHAPE_MISMATCH',
    `Expected a patch inside ${crop.width} x ${crop.height} x ${crop.channels} with its alpha, tone and ` +
      `residual, got ${patch.width} x ${patch.height}, alpha ${alpha.width} x ${alpha.height}, ${colours} colours`,
  );
}
