import { EditError } from '../errors.ts';
import type { Size } from '../pixels/raster.ts';
import { type Capabilities, checkEditRequest, checkOptions } from './capabilities.ts';
import { endpoint } from './endpoint.ts';
import type { EngineCodec, InpaintEngine } from './engine.ts';
import type { EngineEntry, ModelOptions, ModelSettings, Tuning } from './entry.ts';
import { gemini } from './gemini.ts';
import { http } from './http.ts';
import { imagen } from './imagen.ts';
import { imagen2 } from './imagen2.ts';
import { defaultModels, firstDefaults } from './known-models.ts';
import { estimateUsd, modelEntry, modelNotices, mostUsd } from './models.ts';
import { onnx } from './onnx.ts';
import { patchmatch } from './patchmatch.ts';
import type { Generator, Upscaler } from './picture-engines.ts';
import { priceOfTier } from './usage.ts';

/** Every engine by its name in `ENGINE` and in requests. A new engine is one file and its line here. */
const engines = { imagen, imagen2, gemini, endpoint, http, onnx, patchmatch } satisfies Record<
  string,
  EngineEntry
>;

export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as readonly EngineName[];

const entryOf = (engine: EngineName): EngineEntry => engines[engine];

/** What an engine can do, for checks and for the table of parameters. */
export function capabilitiesOf(engine: EngineName): Capabilities {
  return entryOf(engine).capabilities;
}

/** `imagen:imagen-3.0-capability-001` -> both names; an engine without a model is named alone. */
export function parseEngineName(name: string): {
  readonly engine: EngineName;
  readonly model: string | undefined;
} {
  const at = name.indexOf(':');
  const [engine, model] = at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
  return { engine: engine as EngineName, model };
}

/**
 * The name that an engine has in the ids of jobs. Where no model is configured it is that of version 0.1's
 * default: a changed default must not do the pictures of a bucket again.
 */
export function nameInIds({ engine, model }: EngineChoice, name: string): string {
  const first = model === undefined ? firstDefaults[engine] : undefined;
  return first === undefined ? name : `${engine}:${first}`;
}

/** The model of edits of a choice; `undefined` for an engine without one, or whose model has no name here. */
export function modelOf({ engine, model }: EngineChoice): string | undefined {
  const defaults: Readonly<Partial<Record<EngineName, string>>> = defaultModels;
  return model ?? defaults[engine];
}

/** What a person should know of the model of a choice, in sentences. */
export function noticesOf(
  choice: EngineChoice,
  { models }: Pick<ModelSettings, 'models'>,
): readonly string[] {
  const model = modelOf(choice);
  return model === undefined ? [] : modelNotices(model, modelEntry(model, models), Date.now());
}

/** A call, as far as its price depends on it. */
interface PricedCall {
  readonly frame: Size;
  readonly samples: number;
}

/** The list price of one call in USD; `undefined` where it is not known. */
export const priceOf = (engineName: string, settings: ModelSettings) =>
  pricedBy(estimateUsd, engineName, settings);

/**
 * The most that one call may cost in USD: its pictures, and what goes in and is thought beside them. A model
 * may answer as `standard` where `flex` was asked for.
 */
export const mostOf = (engineName: string, settings: ModelSettings) =>
  pricedBy(mostUsd, engineName, settings, (tier) => Math.max(1, priceOfTier(tier)));

const multiple = (usd: number | undefined, times: number) => (usd === undefined ? undefined : usd * times);

function pricedBy(
  usdOf: typeof estimateUsd,
  engineName: string,
  settings: ModelSettings,
  shareOf = priceOfTier,
) {
  const { engine, model } = parseEngineName(engineName);
  const share = engine === 'gemini' ? shareOf(settings.modelTier ?? 'standard') : 1;
  // Models that only find masks are in no engine.
  const usdPerCall = Object.hasOwn(engines, engine) ? entryOf(engine).usdPerCall : undefined;
  return ({ frame, samples }: PricedCall): number | undefined => {
    // An engine without a model costs nothing.
    if (model === undefined) return 0;
    const usd =
      usdPerCall === undefined
        ? usdOf(modelEntry(model, settings.models), frame, samples)
        : multiple(usdPerCall(settings), samples);
    return multiple(usd, share);
  };
}

export interface EngineChoice {
  readonly engine: EngineName;
  /** The engine's default when `undefined`. */
  readonly model: string | undefined;
}

/**
 * The engine and model of a request: the configured ones, or what it names from the allow-list.
 *
 * @param allowed engine names and model ids; what is configured may always be named.
 * @throws {EditError} `ENGINE_UNSUPPORTED` naming the choice that is not on the list.
 */
export function chooseEngine(
  asked: { readonly engine?: EngineName | undefined; readonly model?: string | undefined },
  configured: EngineChoice,
  allowed: readonly string[],
): EngineChoice {
  const engine = asked.engine ?? configured.engine;
  const isOtherEngine = engine !== configured.engine;
  const model = asked.model ?? (isOtherEngine ? undefined : configured.model);
  const isOtherModel = asked.model !== undefined && asked.model !== configured.model;
  // A model on the list brings its engine along; an engine on the list brings only its default model.
  const named = isOtherModel ? asked.model : isOtherEngine ? engine : undefined;
  if (named === undefined || allowed.includes(named)) return { engine, model };
  throw new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected engine and model from ALLOWED_MODELS (${allowed.join(', ') || 'none'}), got ${named.slice(0, 80)}`,
  );
}

/** `chooseEngine` for text to image and upscaling: the configured model counts where it serves these. */
export function choosePictureEngine(
  asked: Parameters<typeof chooseEngine>[0],
  configured: EngineChoice,
  allowed: readonly string[],
): EngineChoice {
  const { engine } = configured;
  const model = entryOf(engine).hasOneModel ? configured.model : undefined;
  return chooseEngine(asked, { engine, model }, allowed);
}

/**
 * The engine for one choice, from the settings. It refuses what its capabilities do not hold before anything
 * is sent.
 *
 * @throws {EditError} `CONFIG_INVALID` naming the setting that is missing or wrong.
 */
export async function engineFor(
  choice: EngineChoice,
  settings: ModelSettings,
  { codec, tuning }: { readonly codec: EngineCodec; readonly tuning?: Tuning },
): Promise<InpaintEngine> {
  const { make, capabilities } = entryOf(choice.engine);
  const engine = await make({ ...modelOptions(choice, settings, tuning), codec });
  const check = (request: Parameters<typeof checkEditRequest>[1]) => {
    if (!capabilities.modes.includes(request.mode)) throw hasNoMode(engine.name, request.mode, settings);
    return checkEditRequest(engine.name, request, capabilities);
  };
  return {
    ...engine,
    check,
    async inpaint(request, signal) {
      const warnings = check(request);
      const reply = await engine.inpaint(request, signal);
      return { ...reply, warnings: [...warnings, ...reply.warnings] };
    },
  };
}

function hasNoMode(engine: string, mode: Capabilities['modes'][number], settings: ModelSettings): EditError {
  const able = engineNames
    .filter((name) => capabilitiesOf(name).modes.includes(mode))
    .filter((name) => noticesOf({ engine: name, model: undefined }, settings).length === 0);
  return new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected ENGINE ${able.join(' or ')} for ${mode}, got ${engine}`,
  );
}

/** Text to image, by one engine and model. @throws {EditError} `ENGINE_UNSUPPORTED`, `CONFIG_INVALID`. */
export async function generatorFor(
  choice: EngineChoice,
  settings: ModelSettings,
  tuning?: Tuning,
): Promise<Generator> {
  const { makeGenerator, capabilities } = entryOf(choice.engine);
  if (makeGenerator === undefined || capabilities.generate === undefined) throw makesNoPictures(choice);
  const generator = await makeGenerator(modelOptions(choice, settings, tuning));
  const { model = '' } = parseEngineName(generator.name);
  const rules = capabilities.generate(modelEntry(model, settings.models));
  return {
    ...generator,
    check: (request) => checkOptions(generator.name, { ...request }, rules),
    async generate(request, signal) {
      const warnings = checkOptions(generator.name, { ...request }, rules);
      const reply = await generator.generate(request, signal);
      return { ...reply, warnings: [...warnings, ...reply.warnings] };
    },
  };
}

/** Upscaling, by one engine and model. @throws {EditError} `ENGINE_UNSUPPORTED`, `CONFIG_INVALID`. */
export async function upscalerFor(
  choice: EngineChoice,
  settings: ModelSettings,
  tuning?: Tuning,
): Promise<Upscaler> {
  const { makeUpscaler } = entryOf(choice.engine);
  if (makeUpscaler === undefined) throw makesNoPictures(choice);
  return makeUpscaler(modelOptions(choice, settings, tuning));
}

function modelOptions(choice: EngineChoice, settings: ModelSettings, tuning: Tuning = {}): ModelOptions {
  const { maxCallsPerSample } = capabilitiesOf(choice.engine);
  return {
    model: choice.model,
    settings,
    tuning,
    maxCallsPerSample: tuning.maxCallsPerSample ?? maxCallsPerSample,
  };
}

function makesNoPictures({ engine }: EngineChoice): EditError {
  const able = engineNames.filter((name) => entryOf(name).makeGenerator !== undefined);
  return new EditError(
    'ENGINE_UNSUPPORTED',
    `Expected ENGINE ${able.join(' or ')} to make pictures, got ${engine}`,
  );
}
