import { EditError } from '../errors.ts';
import { maxMaskClasses } from '../requests/mask-classes.ts';
import { type EngineField, engineFields } from '../requests/schema.ts';
import type { InpaintRequest } from './engine.ts';
import { checkOptions, type Honours } from './options.ts';

/** The options of an edit that an engine may or may not honour. */
const editOptionNames = engineFields('edit');
export type EditOptionName = EngineField<'edit'>;
export type EditHonours = Honours<EditOptionName>;

/**
 * Everything that can be wrong with a request before a model sees it.
 *
 * @returns a sentence for each option the engine ignores.
 * @throws {EditError} `REQUEST_INVALID` for a value out of range or two that contradict each other,
 *   `ENGINE_UNSUPPORTED` for an automatic mask the engine cannot make.
 */
export function checkEditRequest(
  engine: string,
  request: InpaintRequest,
  honours: EditHonours,
): readonly string[] {
  checkMask(engine, request, honours);
  if (request.mode === 'insertion' && !request.prompt?.trim()) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected a prompt that says what ${engine} shall insert, got none`,
    );
  }
  checkWatermark(engine, request.seed, request.addWatermark, honours);
  const given = Object.fromEntries(editOptionNames.map((name) => [name, request[name]]));
  return checkOptions(engine, given, honours);
}

/** A seed and the watermark exclude each other at the models that have both. */
export function checkWatermark(
  engine: string,
  seed: number | undefined,
  addWatermark: boolean | undefined,
  honours: Honours,
): void {
  const areBothHonoured = honours['seed'] !== undefined && honours['addWatermark'] !== undefined;
  if (areBothHonoured && seed !== undefined && addWatermark !== false) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected addWatermark false beside a seed, as ${engine} takes a seed only without its watermark`,
    );
  }
}

function checkMask(engine: string, request: InpaintRequest, honours: EditHonours): void {
  const { mask, automaticMask } = request;
  if (automaticMask === undefined) {
    if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${engine}, got none`);
    return;
  }
  if (honours.automaticMask === undefined) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected a mask, as ${engine} cannot find the ${automaticMask.mode} by itself: send one, or choose imagen`,
    );
  }
  if (mask !== undefined) {
    throw new EditError('REQUEST_INVALID', `Expected a mask or an automatic mask for ${engine}, got both`);
  }
  checkClasses(engine, automaticMask.mode, automaticMask.classes?.length ?? 0);
}

function checkClasses(engine: string, mode: string, count: number): void {
  const isSemantic = mode === 'semantic';
  if (isSemantic ? count >= 1 && count <= maxMaskClasses : count === 0) return;
  const expected = isSemantic ? `1 to ${maxMaskClasses}` : 'no';
  throw new EditError(
    'REQUEST_INVALID',
    `Expected ${expected} mask classes for ${mode} at ${engine}, got ${count}`,
  );
}
