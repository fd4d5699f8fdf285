import type { Config } from '../config.ts';
import type { AutomaticMask, InpaintEngine } from '../engines/engine.ts';
import { type EngineChoice, engineFor } from '../engines/engines.ts';
import type { Tuning } from '../engines/entry.ts';
import { chooseFinder, type FinderName, finderEntry, isInEdit } from '../finders/finders.ts';
import { segmentationModel, segmentationModelId } from '../finders/segmentation.ts';
import type { Finding } from '../jobs/run/run.ts';
import { codec } from './codec.ts';

interface FindingOptions {
  readonly config: Config;
  /** The engine that repaints, and its model. */
  readonly choice: EngineChoice;
  readonly tuning: Tuning;
  /** The engine of that choice, where there is one already: asked where it finds by itself too. */
  readonly engine?: InpaintEngine | undefined;
  /** What is done with the calls of any other model. */
  readonly wrap: (model: InpaintEngine) => InpaintEngine | Promise<InpaintEngine>;
  /** Nothing is repainted: so no engine can find in the same call. */
  readonly isAlone?: boolean;
}

/**
 * The finder for what is wanted; `undefined` where nothing is, or where the engine finds in its own call.
 *
 * @throws {EditError} `FINDER_UNSUPPORTED`; `CONFIG_INVALID` for a setting that its model lacks.
 */
export async function findingFor(
  wanted: AutomaticMask | undefined,
  options: FindingOptions,
): Promise<Finding | undefined> {
  if (wanted === undefined) return undefined;
  const { config, choice, isAlone = false } = options;
  const name = chooseFinder(wanted, { ...config, engine: choice.engine });
  if (!isAlone && isInEdit(name, choice.engine)) return undefined;
  const model = await modelOf(name, options);
  return { model, around: (asked) => finderEntry(name).around(asked, codec) };
}

/** The name of the model that will be asked, for its price; `people` where none is, and nothing costs. */
export function findingModelName(
  wanted: AutomaticMask | undefined,
  { config, choice, engine }: Pick<FindingOptions, 'config' | 'choice'> & { readonly engine: InpaintEngine },
): string {
  const name = wanted === undefined ? 'people' : chooseFinder(wanted, { ...config, engine: choice.engine });
  const model = config.maskFinderModel;
  if (name === 'segmentation') return `segmentation:${model ?? segmentationModelId}`;
  if (name === 'people') return name;
  return ownEngine(name, choice) !== undefined && model === undefined ? engine.name : `other:${model}`;
}

/** The engine that repaints, where it is also the one that finds. */
function ownEngine(name: FinderName, { engine }: EngineChoice) {
  const engines = name === 'described' ? (['gemini'] as const) : (['imagen', 'imagen2'] as const);
  return engines.find((one) => one === engine);
}

async function modelOf(name: FinderName, options: FindingOptions): Promise<InpaintEngine | undefined> {
  const { config, choice, tuning, engine, wrap } = options;
  const model = config.maskFinderModel;
  if (name === 'people') return undefined;
  if (name === 'segmentation') {
    return wrap(await segmentationModel({ model, settings: config, tuning, maxCallsPerSample: 1, codec }));
  }
  const own = ownEngine(name, choice);
  const isOwn = own !== undefined && (model === undefined || model === choice.model);
  if (isOwn && engine !== undefined) return engine;
  const asked = own ?? (name === 'described' ? 'gemini' : 'imagen');
  const found = { engine: asked, model: isOwn ? choice.model : model };
  return wrap(await engineFor(found, config, { codec, tuning }));
}
