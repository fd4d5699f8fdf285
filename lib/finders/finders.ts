import type { AutomaticMask } from '../engines/engine.ts';
import type { EngineName } from '../engines/engines.ts';
import { EditError } from '../errors.ts';
import { described, imagen } from './described.ts';
import type { FinderEntry } from './finder.ts';
import { nameOf, refusalOf } from './modes.ts';
import { people } from './people.ts';
import { segmentation, segmentationModelId } from './segmentation.ts';

/** Every finder by its name in `MASK_FINDER`. A new finder is one file and its line here. */
const finders = { people, segmentation, imagen, described } satisfies Record<string, FinderEntry>;

export type FinderName = keyof typeof finders;
export const finderNames = Object.keys(finders) as [FinderName, ...FinderName[]];

export const finderEntry = (name: FinderName): FinderEntry => finders[name];

/** What an engine that can find by itself is called among the finders. */
const ownFinders: Partial<Record<EngineName, FinderName>> = {
  imagen: 'imagen',
  imagen2: 'imagen',
  gemini: 'described',
};

export interface FinderSettings {
  /** The engine that repaints. */
  readonly engine: EngineName;
  /** `MASK_FINDER`. */
  readonly maskFinder: FinderName | 'auto';
  readonly allowedModels: readonly string[];
  readonly project: string | undefined;
  readonly modelBaseUrl: string | undefined;
}

/**
 * The finder for what is wanted: the configured one; with `auto` that of the engine, else the segmentation
 * model where it is allowed, else the embedded net.
 *
 * @throws {EditError} `FINDER_UNSUPPORTED` naming the settings and engines that would do.
 */
export function chooseFinder(wanted: AutomaticMask, settings: FinderSettings): FinderName {
  const refusal = (name: FinderName) => refusalOf(finders[name], wanted);
  const able = candidates(settings).find((name) => refusal(name) === undefined);
  if (able !== undefined) return able;
  const refused = candidates(settings).map((name) => `${name}: ${refusal(name)}`);
  const advice = finderNames
    .filter((name) => refusal(name) === undefined)
    .map((name) => finders[name].advice);
  throw new EditError(
    'FINDER_UNSUPPORTED',
    `Expected something that finds ${nameOf(wanted)}, got ${refused.join('; ')}. ` +
      `It can be found with ${advice.join(', or ')}`,
  );
}

/** The finders that are asked, the first one before the others. */
export function candidates({ engine, maskFinder, ...settings }: FinderSettings): readonly FinderName[] {
  if (maskFinder !== 'auto') return [maskFinder];
  const own = ownFinders[engine];
  const hasService = settings.project !== undefined || settings.modelBaseUrl !== undefined;
  const isAllowed = hasService && settings.allowedModels.includes(segmentationModelId);
  return [...(own ? [own] : []), ...(isAllowed ? (['segmentation'] as const) : []), 'people'];
}

/** True where the engine finds and repaints in one call. */
export const isInEdit = (name: FinderName, engine: EngineName): boolean =>
  name === 'imagen' && ownFinders[engine] === 'imagen';
