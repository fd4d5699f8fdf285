import type { AutomaticMask, InpaintRequest } from './engines/engine.ts';
import type { EditRequest } from './request.ts';

type OptionNames =
  | 'prompt'
  | 'negativePrompt'
  | 'seed'
  | 'steps'
  | 'guidance'
  | 'language'
  | 'personGeneration'
  | 'safetySetting'
  | 'addWatermark'
  | 'includeSafetyAttributes'
  | 'replyFormat'
  | 'labels';

/** The options of an edit as an engine takes them, apart from what depends on the pictures. */
export function engineOptions(request: EditRequest): Pick<InpaintRequest, OptionNames> {
  const { modelFormat, modelQuality } = request;
  return {
    prompt: request.prompt,
    negativePrompt: request.negativePrompt,
    seed: request.seed,
    steps: request.steps,
    guidance: request.guidance,
    language: request.language,
    personGeneration: request.personGeneration,
    safetySetting: request.safetySetting,
    addWatermark: request.addWatermark,
    includeSafetyAttributes: request.includeSafetyAttributes,
    replyFormat: modelFormat && { mediaType: `image/${modelFormat}`, quality: modelQuality },
    labels: request.labels,
  };
}

/** The mask a request leaves to the model; `undefined` when the user sends one. */
export function automaticMaskOf(request: EditRequest): AutomaticMask | undefined {
  const { maskMode, maskClasses } = request;
  return maskMode === 'user' ? undefined : { mode: maskMode, classes: maskClasses };
}
