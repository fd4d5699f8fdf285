import type { EngineCodec, InpaintEngine } from '../engines/engine.ts';
import type { ModelOptions } from '../engines/entry.ts';
import { type FinderEntry, required } from './finder.ts';

/** The model that the finder asks when none is named. */
export const segmentationModelId = 'image-segmentation-001';

/** Google's segmentation model: finds everything that can be asked for. */
export const segmentation: FinderEntry = {
  modes: ['people', 'foreground', 'background', 'semantic', 'prompt', 'interactive'],
  advice: `MASK_FINDER segmentation, or ${segmentationModelId} in ALLOWED_MODELS`,
  around: async (model, codec) => {
    const { segmentationFinder } = await import('./segmentation/segmentation.ts');
    return segmentationFinder(required(model), codec);
  },
};

/** @throws {EditError} `CONFIG_INVALID`. */
export const segmentationModel = async (
  options: ModelOptions & { readonly codec: EngineCodec },
): Promise<InpaintEngine> =>
  (await import('./segmentation/model.ts')).segmentationModel({
    ...options,
    model: options.model ?? segmentationModelId,
  });
