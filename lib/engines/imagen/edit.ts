import { personClass } from '../../requests/mask-classes.ts';
import type { InpaintEngine, InpaintMode, InpaintRequest } from '../engine.ts';
import type { EngineOptions } from '../entry.ts';
import { defaultModels } from '../known-models.ts';
import { modelFor } from '../vertex/model.ts';
import { commonParameters, type EditImages, predictEdit } from './predict.ts';

/** Where Google says to start; more steps cost time and may help. */
const defaultSteps: Readonly<Record<InpaintMode, number>> = { removal: 12, insertion: 35 };
/**
 * Growth of the mask as a fraction of the crop's width: Google's advice for Imagen 3. It is always sent:
 * sources disagree on what Imagen 3 assumes, and Imagen 2 assumes 0.03, which would repaint the surroundings
 * by which its answer is registered.
 */
const defaultDilation = 0.01;
/** The longer side of an answer. */
const defaultSidePx = 1024;

/**
 * Imagen 3 editing (`imagen-3.0-capability-001` and its peers): masks of the user and masks it makes itself.
 *
 * The mask reference takes no aspect ratio, and the answer follows the ratio of the crop: so the frame is
 * free.
 */
export function imagenEngine(options: EngineOptions): InpaintEngine {
  const model = modelFor(options, { api: 'imagen', defaultModel: defaultModels.imagen });
  return {
    name: `imagen:${model.model}`,
    dilatesMask: true,
    frames: { kind: 'free', maxSidePx: model.entry?.maxSidePx ?? defaultSidePx },
    inpaint: (request, signal) => predictEdit({ ...options, ...model }, request, imagen3Body, signal),
  };
}

/**
 * The body of an Imagen 3 edit. Options that were not asked for are left to the API, but for three that are
 * always sent: `dilation`, the reason of a filtered candidate, and a lossless answer.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-edit
 */
function imagen3Body(request: InpaintRequest, images: EditImages): Record<string, unknown> {
  const { mode } = request;
  const automaticMask = withClasses(request.automaticMask);
  const raw = {
    referenceType: 'REFERENCE_TYPE_RAW',
    referenceId: 1,
    referenceImage: { bytesBase64Encoded: images.image },
  };
  const mask = {
    referenceType: 'REFERENCE_TYPE_MASK',
    referenceId: 2,
    ...(images.mask !== undefined && { referenceImage: { bytesBase64Encoded: images.mask } }),
    maskImageConfig: {
      maskMode: `MASK_MODE_${automaticMask?.mode.toUpperCase() ?? 'USER_PROVIDED'}`,
      ...(automaticMask?.mode === 'semantic' && { maskClasses: automaticMask.classes }),
      dilation: request.maskDilation ?? defaultDilation,
    },
  };
  const parameters = {
    editMode: mode === 'removal' ? 'EDIT_MODE_INPAINT_REMOVAL' : 'EDIT_MODE_INPAINT_INSERTION',
    editConfig: { baseSteps: request.steps ?? defaultSteps[mode] },
    sampleCount: request.samples,
    negativePrompt: mode === 'insertion' ? request.negativePrompt : undefined,
    guidanceScale: request.guidance,
    ...commonParameters(request),
  };
  const instances = [{ prompt: request.prompt ?? '', referenceImages: [raw, mask] }];
  return { instances, parameters, ...(request.labels && { labels: request.labels }) };
}

/** People are a class to Imagen. */
function withClasses(wanted: InpaintRequest['automaticMask']): InpaintRequest['automaticMask'] {
  return wanted?.mode === 'people' ? { mode: 'semantic', classes: [personClass] } : wanted;
}

/** Imagen 2 editing (`imagegeneration@006`): the same edits as Imagen 3 in its own body shape. */
export function imagen2Engine(options: EngineOptions): InpaintEngine {
  const model = modelFor(options, { api: 'imagen2', defaultModel: defaultModels.imagen2 });
  return {
    name: `imagen2:${model.model}`,
    dilatesMask: true,
    frames: { kind: 'free', maxSidePx: model.entry?.maxSidePx ?? defaultSidePx },
    inpaint: (request, signal) => predictEdit({ ...options, ...model }, request, imagen2Body, signal),
  };
}

/**
 * The body of an Imagen 2 edit: image and mask side by side in the instance, the mode inside `editConfig`,
 * and an automatic mask named there instead of sent.
 */
function imagen2Body(request: InpaintRequest, images: EditImages): Record<string, unknown> {
  const { mode } = request;
  const automaticMask = withClasses(request.automaticMask);
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
