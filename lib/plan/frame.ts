import type { Frames } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import { boxAround, boxOf, crop as cut, paste } from '../pixels/box.ts';
import { countAbove0, coverMask, dilate } from '../pixels/mask.ts';
import { type Box, emptyMask, type Mask, type Raster, type Size } from '../pixels/raster.ts';
import { release } from '../pixels/release.ts';
import { rescale } from '../pixels/resample.ts';

/** How a crop of the original travels to a model and back. */
export interface FramePlan {
  /** The crop of the image: the context, grown to the frame's ratio. Always inside the image. */
  readonly box: Box;
  /** Size of the picture that the model receives and answers in. */
  readonly frame: Size;
  /** Where the crop lies in the frame; the rest of the frame repeats the crop's edge. */
  readonly content: Box;
  /** Pixels of the original for one of the frame; above 1 the answer has less detail than the picture. */
  readonly scale: number;
}

/** Up to this scale an answer looks as sharp as the picture: resampling hides the difference. */
export const sufficientScale = 1.25;
/** Up to this ratio a crop is stretched: models do not mind, and the mapping back is exact. */
const maxStretch = 1.03;
/** Costs within this factor are equal: sizes of one ratio are rounded to multiples of 16 or so. */
const sameGrowth = 1.02;

/**
 * Grows a context box to a size the model answers in.
 *
 * Fixed sizes: takes the ratio that needs the least growth inside the image, then the smallest size of that
 * ratio with `scale <= 1.25` (or the largest). Where the image cannot hold the ratio, the crop takes what the
 * image has and is stretched by up to 3 %; beyond that the frame is padded by repeating the crop's edge.
 *
 * @throws {EditError} `CONFIG_INVALID` when the engine names no size.
 */
export function planFrame(args: {
  readonly context: Box;
  readonly image: Size;
  readonly frames: Frames;
}): FramePlan {
  const { context, image, frames } = args;
  if (frames.kind === 'free') return freeFrame(context, frames.maxSidePx);
  const plans = frames.sizes.map((size) => fitFrame(context, image, size));
  if (plans.length === 0) throw new EditError('CONFIG_INVALID', 'Expected at least one frame size, got none');
  const least = Math.min(...plans.map((plan) => plan.cost));
  const ratio = plans.filter((plan) => plan.cost <= least * sameGrowth);
  ratio.sort((a, b) => b.scale - a.scale);
  const { cost, ...chosen } = ratio.find((plan) => plan.scale <= sufficientScale) ?? ratio.at(-1)!;
  return chosen;
}

function freeFrame(context: Box, maxSidePx: number): FramePlan {
  const scale = Math.max(1, Math.max(context.width, context.height) / maxSidePx);
  const frame = {
    width: Math.max(1, Math.round(context.width / scale)),
    height: Math.max(1, Math.round(context.height / scale)),
  };
  return { box: context, frame, content: boxOf(frame), scale };
}

/** `cost`: pixels of the frame, in px of the original, for each pixel of context. */
function fitFrame(context: Box, image: Size, frame: Size): FramePlan & { readonly cost: number } {
  const ratio = frame.width / frame.height;
  const wanted =
    context.width < context.height * ratio
      ? { width: Math.round(context.height * ratio), height: context.height }
      : { width: context.width, height: Math.round(context.width / ratio) };
  const box = boxAround(context, wanted, image);
  const contextArea = context.width * context.height;
  const stretch = Math.max(wanted.width / box.width, wanted.height / box.height);
  if (stretch <= maxStretch) {
    const scale = Math.max(box.width / frame.width, box.height / frame.height);
    return {
      box,
      frame,
      content: boxOf(frame),
      scale,
      cost: (box.width * box.height * stretch) / contextArea,
    };
  }
  const scale = Math.max(wanted.width / frame.width, wanted.height / frame.height);
  const width = Math.min(frame.width, Math.max(1, Math.round(box.width / scale)));
  const height = Math.min(frame.height, Math.max(1, Math.round(box.height / scale)));
  const content = {
    left: Math.floor((frame.width - width) / 2),
    top: Math.floor((frame.height - height) / 2),
    width,
    height,
  };
  return { box, frame, content, scale, cost: (wanted.width * wanted.height) / contextArea };
}

/** Pads a crop at content size to the whole frame by repeating its edge. */
export function padToFrame(content: Raster, { frame, content: at }: FramePlan): Raster {
  if (at.width === frame.width && at.height === frame.height) return content;
  const { channels } = content;
  const data = new Uint8Array(frame.width * frame.height * channels);
  let o = 0;
  for (let y = 0; y < frame.height; y++) {
    const row = clamp(y - at.top, at.height) * at.width;
    for (let x = 0; x < frame.width; x++) {
      const i = (row + clamp(x - at.left, at.width)) * channels;
      for (let c = 0; c < channels; c++) data[o++] = content.data[i + c]!;
    }
  }
  return { ...frame, channels, data };
}

/**
 * The mask as a model receives it: thresholded, grown, in the frame.
 *
 * A frame pixel is 255 when it overlaps any pixel of the mask above 0, so that the model repaints all that is
 * blended. Where growing would leave too little of the known picture, as between fine stripes, it grows less,
 * and where every frame pixel overlaps the mask, only those are 255 that it covers by half.
 *
 * @param mask H x W x 1 at the size of `plan.box`. @param dilation fraction of the crop's width.
 */
export function maskInFrame(mask: Mask, plan: FramePlan, dilation: number): Mask {
  const { frame, content } = plan;
  const covered = coverMask(mask, content);
  const inside = isFull(covered) ? halfCovered(mask, content) : grown(covered, dilation * content.width);
  if (inside !== covered) release(covered.data);
  if (content.width === frame.width && content.height === frame.height)
    return { ...frame, channels: 1, data: inside.data };
  const whole = emptyMask(frame);
  paste(whole, inside, content);
  return whole;
}

/** Growing may take this share of the known picture; else the radius is halved. */
const takenByGrowth = 0.75;

function grown(mask: Mask, radiusPx: number): Mask {
  const least = knownPixels(mask) * (1 - takenByGrowth);
  for (let radius = radiusPx; radius >= 1; radius /= 2) {
    const larger = dilate(mask, radius);
    if (knownPixels(larger) >= least) return larger;
  }
  return mask;
}

const knownPixels = (mask: Mask): number => mask.data.length - countAbove0(mask);
const isFull = (mask: Mask): boolean => !mask.data.includes(0);

function halfCovered(mask: Mask, size: Size): Mask {
  const shares = rescale({ ...mask, data: mask.data.map((value) => (value > 0 ? 255 : 0)) }, size, 'area');
  return { ...size, channels: 1, data: shares.data.map((share) => (share >= 128 ? 255 : 0)) };
}

/** Cuts the padding off an answer of any size: the part of the frame that holds the crop. */
export function contentOf<R extends Raster | Mask>(answer: R, { frame, content }: FramePlan): R {
  if (content.width === frame.width && content.height === frame.height) return answer;
  const left = Math.round((content.left * answer.width) / frame.width);
  const top = Math.round((content.top * answer.height) / frame.height);
  const right = Math.round(((content.left + content.width) * answer.width) / frame.width);
  const bottom = Math.round(((content.top + content.height) * answer.height) / frame.height);
  return cut(answer, { left, top, width: right - left, height: bottom - top });
}

function clamp(value: number, size: number): number {
  return Math.min(Math.max(value, 0), size - 1);
}
