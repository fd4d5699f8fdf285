import type { InpaintEngine } from '../../engines/engine.ts';
import { differenceMask } from '../../fit/difference-mask.ts';
import { boxOf } from '../../pixels/box.ts';
import type { Mask } from '../../pixels/raster.ts';
import { rescale } from '../../pixels/resample.ts';
import { contentOf, padToFrame, planFrame } from '../../plan/frame.ts';
import type { FinderCodec, MaskFinder } from '../finder.ts';
import { findingRequest } from '../finding-request.ts';

/**
 * Finds by what a model takes away: it is asked for the whole picture with the thing gone, and the mask is
 * where its answer differs from the picture after registration and tone correction. Shadows and reflections
 * that the model took away too are part of it. The background is what stays when the foreground is gone.
 */
export function describedFinder(model: InpaintEngine, codec: FinderCodec): MaskFinder {
  return {
    name: model.name,
    async find(request, signal) {
      const { picture, wanted } = request;
      const plan = planFrame({ context: boxOf(picture), image: picture, frames: model.frames });
      const content = rescale(picture, plan.content, 'area');
      const isBackground = wanted.mode === 'background';
      const asked = isBackground ? { ...wanted, mode: 'foreground' as const } : wanted;
      const crop = padToFrame(content, plan);
      const reply = await model.inpaint(findingRequest(crop, { ...request, wanted: asked }), signal);
      const image = reply.outcomes.find((outcome) => outcome.kind === 'image')?.image;
      const told = { edgePx: 0, warnings: reply.warnings, calls: reply.calls };
      if (image === undefined) return { masks: [], ...told };
      const edited = contentOf(await codec.decode(image), plan);
      const difference = { crop: picture, edited };
      // The edit grows what is found. A background keeps off the foreground.
      const mask = isBackground
        ? inverse(differenceMask(difference))
        : differenceMask({ ...difference, growPx: 0 });
      return { masks: [{ mask, labels: [] }], ...told };
    },
  };
}

const inverse = (mask: Mask): Mask => ({ ...mask, data: mask.data.map((value) => 255 - value) });
