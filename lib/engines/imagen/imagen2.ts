import type { InpaintEngine, InpaintRequest } from '../engine.ts';
import type { EngineOptions } from '../entry.ts';
import { modelFor } from '../vertex/model.ts';
import { commonParameters, defaultDilation } from './imagen3.ts';
import { type EditImages, predictEdit } from './predict.ts';

/** Imagen 2 editing (`imagegeneration@006`): the same edits as Imagen 3 in its own body shape. */
export function imagen2Engine(options: EngineOptions): InpaintEngine {
  const model = modelFor(options, { api: 'imagen2', defaultModel: 'imagegeneration@006' });
  return {
    name: `imagen2:${model.model}`,
    dilatesMask: true,
    frames: { kind: 'free', maxSidePx: model.entry?.maxSidePx ?? 1024 },
    inpaint: (request, signal) => predictEdit({ ...options, ...model }, request, editBody, signal),
  };
}

/**
 * The body of an Imagen 2 edit: image and mask side by side in the instance, the mode inside `editConfig`,
 * and an automatic mask named there instead of sent.
 */
function editBody(request: InpaintRequest, images: EditImages): Record<string, unknown> {
  const { mode, automaticMask } = request;
  const instance = {
    prompt: request.prompt ?? '',
    image: { bytesBase64Encoded: images.image },
    ...(images.mask !== undefined && { mask: { image: { bytesBase64Encoded: images.mask } } }),
  };
  const editConfig = {
    editMode: mode === 'removal' ? 'inpainting-remove' : 'inpainting-insert',
    ...(automaticMask && {
      maskMode: {
        maskType: automaticMask.mode,
        ...(automaticMask.mode === 'semantic' && { classes: automaticMask.classes }),
      },
    }),
    guidanceScale: mode === 'insertion' ? request.guidance : undefined,
    maskDilation: request.maskDilation ?? defaultDilation,
  };
  const parameters = {
    sampleCount: request.samples,
    editConfig,
    negativePrompt: mode === 'insertion' ? request.negativePrompt : undefined,
    ...commonParameters(request),
  };
  return { instances: [instance], parameters, ...(request.labels && { labels: request.labels }) };
}
