import { checkEditRequest, type EditHonours } from '../edit-options.ts';
import type { InpaintEngine, InpaintMode, InpaintRequest } from '../engine.ts';
import { type EditImages, encodeEditImages, type ModelEngineOptions, predictEdit } from './predict-edit.ts';
import {
  guidanceRule,
  languageRule,
  outputOptions,
  personRule,
  replyFormatRule,
  safetyAttributesRule,
  safetyRule,
  seedRule,
  watermarkRule,
} from './values.ts';

/** Where Google says to start; more steps cost time and may help. */
const defaultSteps: Readonly<Record<InpaintMode, number>> = { removal: 12, insertion: 35 };
/** Recommended, and always sent: the sources disagree on what the API assumes. */
const defaultDilation = 0.01;

export const imagenHonours: EditHonours = {
  prompt: { note: 'required for insertion; best left out for removal' },
  negativePrompt: { note: 'insertion only' },
  automaticMask: { note: 'background, foreground, semantic with 1 to 5 classes' },
  maskDilation: { range: [0, 1], default: defaultDilation },
  samples: { range: [1, 4] },
  seed: seedRule,
  steps: { range: [1, 75], default: 'removal 12, insertion 35' },
  guidance: guidanceRule,
  language: languageRule,
  personGeneration: personRule,
  safetySetting: safetyRule,
  addWatermark: watermarkRule,
  includeSafetyAttributes: safetyAttributesRule,
  replyFormat: replyFormatRule,
  labels: {},
};

/**
 * The body of an Imagen 3 edit. Options that were not asked for are left to the API, but for three:
 * `dilation`, the reason of a filtered candidate, and a lossless answer are always asked for.
 *
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-edit
 */
export function imagenEditBody(request: InpaintRequest, images: EditImages): Record<string, unknown> {
  const { mode, automaticMask } = request;
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
    ...imagenParameters(request),
  };
  const instances = [{ prompt: request.prompt ?? '', referenceImages: [raw, mask] }];
  return { instances, parameters, ...(request.labels && { labels: request.labels }) };
}

/** The parameters Imagen 2 and 3 share; `undefined` ones vanish from the JSON. */
export function imagenParameters(request: InpaintRequest): Readonly<Record<string, unknown>> {
  return {
    seed: request.seed,
    addWatermark: request.addWatermark,
    language: request.language,
    personGeneration: request.personGeneration,
    safetySetting: request.safetySetting,
    includeRaiReason: true,
    includeSafetyAttributes: request.includeSafetyAttributes,
    outputOptions: outputOptions(request.replyFormat),
  };
}

/**
 * Imagen 3 editing (`imagen-3.0-capability-001` and its peers): user masks and masks it makes itself.
 *
 * The mask reference takes no aspect ratio and the answer follows the ratio of the crop, at about 1024
 * pixels: so the frame is free, with that longer side.
 */
export function imagenEngine(options: ModelEngineOptions): InpaintEngine {
  const { model, codec, maxSidePx = 1024 } = options;
  const name = `imagen:${model}`;
  return {
    name,
    masks: 'native',
    dilatesMask: true,
    frames: { kind: 'free', maxSidePx },
    async inpaint(request, signal) {
      const warnings = [
        ...checkEditRequest(name, request, imagenHonours),
        ...removalWarnings(name, request, ['negativePrompt']),
      ];
      const images = await encodeEditImages(codec, request);
      const reply = await predictEdit(options, request, imagenEditBody(request, images), signal);
      return { ...reply, warnings: [...warnings, ...reply.warnings] };
    },
  };
}

/** Options the API has for insertions only, given for a removal. */
export function removalWarnings(
  engine: string,
  request: InpaintRequest,
  insertionOnly: readonly (keyof InpaintRequest)[],
): readonly string[] {
  if (request.mode !== 'removal') return [];
  const idle = insertionOnly.filter((name) => request[name] !== undefined);
  return idle.map((name) => `${engine} takes ${name} for insertions only: it was left out.`);
}
