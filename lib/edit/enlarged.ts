import type { InpaintRequest } from '../engines/engine.ts';
import { boxOf, sizeOf } from '../pixels/box.ts';
import type { Raster } from '../pixels/raster.ts';
import type { FramePlan } from '../plan/frame.ts';
import type { RegionContext } from './plan.ts';
import type { View } from './view.ts';

interface Answered {
  readonly view: View;
  readonly request: InpaintRequest;
  readonly answer: Raster;
}

/**
 * An answer at the size of the picture, where the engine saw less and can bring it there; else as it is.
 *
 * @returns the answer, and how it lies on the crop.
 */
export async function enlarged(
  { region, engine, step, signal }: RegionContext,
  { view, request, answer }: Answered,
): Promise<{ readonly answer: Raster; readonly plan: FramePlan }> {
  const { plan } = region;
  if (engine.enlarge === undefined || plan.scale <= 1 || !isLike(answer, request.crop))
    return { answer, plan };
  const size = sizeOf(plan.box);
  const whole = await step('frame', () => view.seenAt(size));
  const larger = await step('enlarge', async () => engine.enlarge!({ request, answer, whole }, signal));
  return { answer: larger, plan: { ...plan, frame: size, content: boxOf(size), scale: 1 } };
}

/** A reply that an earlier version saved may be of another size. */
const isLike = (a: Raster, b: Raster): boolean =>
  a.width === b.width && a.height === b.height && a.channels === b.channels;
