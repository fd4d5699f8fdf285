import type { StoredObject } from './object.ts';
import { conditionNotMet, invalid, notModified } from './service-error.ts';

const NAMES = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
] as const;
type Preconditions = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/**
 * Reads the four preconditions of a query.
 *
 * @param side `source`: those on the source of a copy.
 * @throws {ServiceError} 400 for what is no whole number.
 */
export function preconditionsOf(query: URLSearchParams, side: 'target' | 'source' = 'target'): Preconditions {
  const found: Partial<Record<(typeof NAMES)[number], string>> = {};
  for (const name of NAMES) {
    const parameter = side === 'source' ? name.replace('if', 'ifSource') : name;
    const value = query.get(parameter);
    if (value === null) continue;
    if (!/^\d{1,19}$/.test(value))
      throw invalid(`Invalid value for ${parameter}: expected an integer, got ${value}`);
    found[name] = value;
  }
  return found;
}

/**
 * Compares an object (or its absence, generation 0) with preconditions.
 *
 * @throws {ServiceError} 412 when one does not hold; 304 for a read whose `NotMatch` names the current
 *   version.
 * @see https://cloud.google.com/storage/docs/request-preconditions
 */
export function checkPreconditions(
  current: StoredObject | undefined,
  wanted: Preconditions,
  access: 'read' | 'write',
): void {
  const generation = current?.generation ?? '0';
  const metageneration = current === undefined ? undefined : String(current.metageneration);
  if (wanted.ifGenerationMatch !== undefined && wanted.ifGenerationMatch !== generation)
    throw conditionNotMet();
  if (wanted.ifMetagenerationMatch !== undefined && wanted.ifMetagenerationMatch !== metageneration) {
    throw conditionNotMet();
  }
  const unchanged =
    wanted.ifGenerationNotMatch === generation ||
    (wanted.ifMetagenerationNotMatch !== undefined && wanted.ifMetagenerationNotMatch === metageneration);
  if (unchanged) throw access === 'read' ? notModified() : conditionNotMet();
}
