import type { AutomaticMask, ReplyFormat } from '../engines/engine.ts';
import { parseEngineName } from '../engines/engines.ts';
import { EditError } from '../errors.ts';
import type { EditRequest } from './edit-request.ts';
import { type OptionValues, optionValues } from './schema.ts';

interface EditOptions extends OptionValues<'edit'> {
  /** `undefined` leaves the format to the engine. */
  readonly replyFormat: ReplyFormat | undefined;
  /** Shadows and reflections beside the mask may change too. */
  readonly includesEffects: true | undefined;
  /** The mask that the model shall make itself; `undefined` when the user sends one. */
  readonly automaticMask: AutomaticMask | undefined;
}

/** The options of an edit as an engine takes them, before they are fitted to the pictures. */
export function editOptions(request: EditRequest): EditOptions {
  const { modelFormat, modelQuality, effects } = request;
  return {
    ...optionValues('edit', request),
    replyFormat: modelFormat && { mediaType: `image/${modelFormat}`, quality: modelQuality },
    automaticMask: wantedMask(request),
    includesEffects: effects === 'include' ? true : undefined,
  };
}

/**
 * What a request wants to be masked; `undefined` where the user sends a mask. Where only a mask is wanted,
 * the one that is sent is a rough stroke over it.
 */
export function wantedMask({
  maskMode,
  maskClasses: classes,
  maskPrompt: words,
  only,
}: Pick<EditRequest, 'maskMode' | 'maskClasses' | 'maskPrompt' | 'only'>): AutomaticMask | undefined {
  if (maskMode !== 'user') return { mode: maskMode, classes, words };
  return only === 'mask' ? { mode: 'interactive', classes: undefined } : undefined;
}

/**
 * Refuses a request that names another engine or model than the one at hand.
 *
 * @param engineName e.g. `patchmatch` or `gemini:gemini-3-pro-image`.
 * @throws {EditError} `ENGINE_UNSUPPORTED`.
 */
export function assertChosenEngine(request: EditRequest, engineName: string): void {
  const { engine, model } = parseEngineName(engineName);
  const faults = [
    request.engine !== undefined && request.engine !== engine && `engine ${engine}`,
    request.model !== undefined && request.model !== model && `model ${model ?? 'unset'}`,
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  throw new EditError('ENGINE_UNSUPPORTED', `Expected ${faults.join(' and ')}, got another choice`);
}
