import type { Frames } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import { boxAround } from '../pixels/box.ts';
import type { Box, Size } from '../pixels/raster.ts';

/** How a crop of the original travels to a model and back. */
export interface FramePlan {
  /** What is cut out of the image: the context, grown to the frame's ratio. Always inside the image. */
  readonly box: Box;
  /** The size of the picture the model is sent and answers in. */
  readonly frame: Size;
  /** Where the crop lies in the frame; what is left of the frame repeats the crop's edge. */
  readonly content: Box;
  /** Pixels of the original for one pixel of the frame; above 1 the answer has less detail than the picture. */
  readonly scale: number;
}

/** Up to this ratio one answer is as good as the picture: resampling hides the difference. */
export const sufficientScale = 1.25;
/** Ratios this near are sent stretched: models do not mind, and the mapping back is exact. */
const maxStretch = 1.03;
/** Two sizes of one nominal ratio differ by rounding to multiples of 16 or so. */
const sameGrowth = 1.02;

/**
 * Grows a context box to a size the model answers in.
 *
 * Fixed sizes: the ratio that needs the least growth inside the image, then the smallest size of that
 * ratio with `scale <= 1.25` (or the largest there is). Where the image cannot hold the ratio, the crop
 * takes all the image has and is stretched by up to 3 %, else the frame is filled up by repeating its edge.
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
  return { box: context, frame, content: { left: 0, top: 0, ...frame }, scale };
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
    const content = { left: 0, top: 0, width: frame.width, height: frame.height };
    const scale = Math.max(box.width / frame.width, box.height / frame.height);
    return { box, frame, content, scale, cost: (box.width * box.height * stretch) / contextArea };
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
