import type { AutomaticMask, InpaintRequest } from '../engines/engine.ts';
import { parseEngineName } from '../engines/engines.ts';
import { EditError } from '../errors.ts';
import type { EditRequest } from './edit-request.ts';

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

/**
 * Refuses by name what an edit with this engine does not do, so that nothing asked for is silently left out.
 *
 * @param engineName e.g. `patchmatch` or `gemini:gemini-3-pro-image`.
 * @throws {EditError} `ENGINE_UNSUPPORTED`.
 */
export function assertHonoured(request: EditRequest, engineName: string): void {
  const { engine, model } = parseEngineName(engineName);
  const faults = [
    request.engine !== undefined && request.engine !== engine && `engine ${engine}`,
    request.model !== undefined && request.model !== model && `model ${model ?? 'unset'}`,
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  throw new EditError('ENGINE_UNSUPPORTED', `Expected ${faults.join(' and ')}, got another choice`);
}
