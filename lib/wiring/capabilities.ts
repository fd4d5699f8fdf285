import packageJson from '../../package.json' with { type: 'json' };
import type { Config } from '../config.ts';
import { capabilitiesOf, type EngineName, engineNames, modelOf, noticesOf } from '../engines/engines.ts';
import { modelEntry } from '../engines/models.ts';
import { candidates, finderEntry } from '../finders/finders.ts';
import { segmentationModelId } from '../finders/segmentation.ts';
import { formats } from '../formats/formats.ts';
import { editRequestFields } from '../requests/edit-request.ts';
import { classNames, maskClasses } from '../requests/mask-classes.ts';

/** What this deployment can do, for programs and forms. */
export type ServiceCapabilities = ReturnType<typeof capabilitiesFor>;

export function capabilitiesFor(config: Config) {
  const { engine, model, limits, models } = config;
  return {
    version: packageJson.version,
    engine,
    model: model ?? null,
    engines: enginesOf(config),
    finders: findersOf(config),
    /** JSON Schema of the fields of a request. */
    fields: editRequestFields(),
    limits: {
      maxImageBytes: limits.maxImageBytes,
      maxImagePixels: limits.maxImagePixels,
      maxRequestBytes: config.maxAnswerBytes ?? null,
    },
    formats: formats
      .filter(({ name }) => name !== 'avif' || limits.acceptsAvif)
      .map(({ name, mediaType }) => ({ name, mediaType })),
    priceUsd: modelEntry(modelOf(config) ?? '', models)?.usdPerImage ?? null,
  };
}

/** The configured engine, and those that a request may name. */
function enginesOf(config: Config) {
  const { engine, model, allowedModels, models } = config;
  const isOffered = (name: EngineName) => name === engine || allowedModels.includes(name);
  const noModels: readonly string[] = [...engineNames, segmentationModelId];
  const ofModels = allowedModels.filter((name) => !noModels.includes(name));
  const named = engineNames.filter(isOffered).map((name) => ({
    name,
    model: (name === engine ? model : undefined) ?? null,
  }));
  const others = ofModels.map((name) => ({ name: engineOf(name, models) ?? engine, model: name }));
  return [...named, ...others].map(({ name, model: own }) => {
    const { modes, options } = capabilitiesOf(name);
    const notices = noticesOf({ engine: name, model: own ?? undefined }, { models });
    const automaticMasks = options.automaticMask?.values ?? [];
    const finders = candidates({ ...config, engine: name });
    return { name, model: own, notices, modes, automaticMasks, finders, options };
  });
}

/** What finds masks that nobody sent, with what each can find. */
function findersOf(config: Config) {
  const names = new Set(enginesOf(config).flatMap(({ finders }) => finders));
  return [...names].map((name) => {
    const { modes, classes = [...maskClasses.keys()] } = finderEntry(name);
    return { name, modes, classes: modes.includes('semantic') ? classNames(classes) : [] };
  });
}

/** The engine that speaks the protocol of a model. */
function engineOf(model: string, models: Config['models']): EngineName | undefined {
  const apis: readonly string[] = modelEntry(model, models)?.apis ?? [];
  return engineNames.find((name) => apis.includes(name));
}
