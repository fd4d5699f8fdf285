import { EditError } from '../errors.ts';
import type { InpaintOutcome } from './engine.ts';
import type { StoredOutcome } from './imagen/predictions.ts';

/**
 * Passes outcomes on when one of them is an image; else throws what all of them together mean.
 *
 * @throws {EditError} `ENGINE_EMPTY` for no outcome at all, `ENGINE_FILTERED` or `ENGINE_REFUSED` with
 *   the reasons (permanent), `ENGINE_BAD_REPLY` when nothing that came is a picture (passing).
 */
export function requireImage<Outcome extends InpaintOutcome | StoredOutcome>(
  outcomes: readonly Outcome[],
  facts: { readonly model: string; readonly calls: number },
): readonly Outcome[] {
  if (outcomes.some(({ kind }) => kind === 'image' || kind === 'stored')) return outcomes;
  const failures = outcomes.flatMap((outcome) => ('reason' in outcome ? [outcome] : []));
  const reasons = [...new Set(failures.map(({ reason }) => reason))];
  const details = { ...facts, reasons };
  const { model } = facts;
  if (failures.length === 0) {
    throw new EditError('ENGINE_EMPTY', `Expected a picture from ${model}, got nothing and no reason`, {
      details,
    });
  }
  const list = reasons.join('; ');
  if (failures.some(({ kind }) => kind === 'filtered')) {
    throw new EditError('ENGINE_FILTERED', `Expected a picture from ${model}, got all filtered: ${list}`, {
      details,
    });
  }
  if (failures.some(({ kind }) => kind === 'refused')) {
    throw new EditError('ENGINE_REFUSED', `Expected a picture from ${model}, got refused: ${list}`, {
      details,
    });
  }
  throw new EditError('ENGINE_BAD_REPLY', `Expected a picture from ${model}, got ${list}`, { details });
}
