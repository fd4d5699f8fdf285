import { checkEditRequest, type EditHonours } from '../edit-options.ts';
import type { InpaintEngine, InpaintRequest } from '../engine.ts';
import { imagenHonours, imagenParameters, removalWarnings } from './imagen.ts';
import { type EditImages, encodeEditImages, type ModelEngineOptions, predictEdit } from './predict-edit.ts';

/**
 * Always sent: the API grows masks by 0.03 by itself, and would repaint the surroundings by which its answer
 * is registered.
 */
const defaultDilation = 0.01;

/** What Imagen 3 honours, but for the steps, which this API does not have. */
const { steps: _steps, ...shared } = imagenHonours;
export const imagen2Honours: EditHonours = {
  ...shared,
  maskDilation: { range: [0, 1], default: defaultDilation },
  guidance: { range: [0, 500], default: 60, note: 'insertion only' },
};

/**
 * The body of an Imagen 2 edit: image and mask side by side in the instance, the mode inside `editConfig`,
 * and an automatic mask named there instead of sent.
 */
export function imagen2EditBody(request: InpaintRequest, images: EditImages): Record<string, unknown> {
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
    ...imagenParameters(request),
  };
  return { instances: [instance], parameters, ...(request.labels && { labels: request.labels }) };
}

/** Imagen 2 editing (`imagegeneration@006`): the jobs of Imagen 3 in its own body shape. */
export function imagen2Engine(options: ModelEngineOptions): InpaintEngine {
  const { model, codec, maxSidePx = 1024 } = options;
  const name = `imagen2:${model}`;
  return {
    name,
    masks: 'native',
    dilatesMask: true,
    frames: { kind: 'free', maxSidePx },
    async inpaint(request, signal) {
      const warnings = [
        ...checkEditRequest(name, request, imagen2Honours),
        ...removalWarnings(name, request, ['negativePrompt', 'guidance']),
      ];
      const images = await encodeEditImages(codec, request);
      const reply = await predictEdit(options, request, imagen2EditBody(request, images), signal);
      return { ...reply, warnings: [...warnings, ...reply.warnings] };
    },
  };
}
