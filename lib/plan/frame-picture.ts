import { crop as cut, paste } from '../pixels/box.ts';
import { coverMask } from '../pixels/cover-mask.ts';
import { dilate } from '../pixels/dilate.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import type { FramePlan } from './frame.ts';

/** The crop at content size -> the whole frame; what is left of it repeats the crop's edge. */
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
 * The mask as a model is sent it: thresholded, grown, in the frame.
 *
 * A frame pixel is 255 when any pixel of the mask above 0 falls on it, so that everything that will be blended
 * was repainted.
 *
 * @param mask H x W x 1 at the size of `plan.box`. @param dilation fraction of the crop's width.
 */
export function maskInFrame(mask: Mask, plan: FramePlan, dilation: number): Mask {
  const { frame, content } = plan;
  const inside = dilate(coverMask(mask, content), dilation * content.width);
  const whole: Mask = { ...frame, channels: 1, data: new Uint8Array(frame.width * frame.height) };
  paste(whole, inside, content);
  return whole;
}

/** The part of a frame, at whatever size it came back, that holds the crop; the rest is padding. */
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
