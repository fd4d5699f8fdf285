import { conditionNotMet, invalid, notFound, notModified } from './service-error.ts';
import type { StoredObject } from './stored-object.ts';

const NAMES = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
] as const;
export type Preconditions = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/** Reads the four preconditions of a query; `source` reads those on the source of a copy. */
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
 * Holds an object (or its absence, generation 0) against preconditions.
 *
 * For reads a matching `NotMatch` is 304 and for writes 412, as the service has it.
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

/** The live object, of the generation asked for and with its preconditions met, or 404, 412, 304. */
export function requireObject(
  current: StoredObject | undefined,
  label: string,
  query: URLSearchParams,
  access: 'read' | 'write',
): StoredObject {
  const generation = query.get('generation');
  if (current === undefined || (generation !== null && generation !== current.generation)) {
    throw notFound(`No such object: ${label}`);
  }
  checkPreconditions(current, preconditionsOf(query), access);
  return current;
}
