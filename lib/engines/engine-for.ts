import { EditError } from '../errors.ts';
import { endpointEngine } from './endpoint.ts';
import type { EngineCodec, InpaintEngine } from './engine.ts';
import type { EngineName, ModelEngineName } from './engine-names.ts';
import type { GeminiCallOptions } from './gemini/call.ts';
import { geminiEngine } from './gemini/gemini.ts';
import { geminiGenerator } from './gemini/generate.ts';
import { geminiUpscaler } from './gemini/upscale.ts';
import { imagenGenerator } from './imagen/generate.ts';
import { imagenEngine } from './imagen/imagen.ts';
import { imagen2Engine } from './imagen/imagen2.ts';
import { imagenUpscaler } from './imagen/upscale.ts';
import { type ModelApi, type ModelEntry, type ModelTable, modelEntry } from './models.ts';
import type { Generator, Upscaler } from './picture-engines.ts';
import { type VertexOptions, type VertexPost, vertexPost } from './vertex/vertex.ts';

/** Settings as they stand in the environment: `ENGINE`, `MODEL`, `LOCATION`, ... */
export interface ModelSettings {
  readonly project: string | undefined;
  readonly location: string | undefined;
  readonly modelBaseUrl: string | undefined;
  readonly endpointId: string | undefined;
  /** The `MODELS` setting: entries that replace or add to the table. */
  readonly models: ModelTable;
}

export interface EngineChoice {
  readonly engine: EngineName;
  readonly model: string | undefined;
}

/** What is used when `MODEL` is not set. */
const defaultModels: Readonly<Record<'imagen' | 'imagen2' | 'gemini', string>> = {
  imagen: 'imagen-3.0-capability-001',
  imagen2: 'imagegeneration@006',
  gemini: 'gemini-3.1-flash-image',
};

/** Where endpoints and models nobody has described are looked for. */
const defaultRegion = 'us-central1';
/** Everything works against a local server without a project; the path still has a place for it. */
const localProject = 'local';

/** How models are called, whichever they are. */
export type Tuning = Pick<
  VertexOptions,
  'fetch' | 'clock' | 'random' | 'authorize' | 'deadlineMs' | 'maxTries'
> &
  Pick<GeminiCallOptions, 'triesPerSample'>;

/**
 * The authenticated POST for one model of the settings.
 *
 * @throws {EditError} `CONFIG_INVALID` when the project is missing.
 */
export function postFor(
  settings: ModelSettings,
  entry: ModelEntry | undefined,
  { triesPerSample: _, ...tuning }: Tuning = {},
): VertexPost {
  const { modelBaseUrl: baseUrl } = settings;
  const isLocal = baseUrl?.startsWith('http://') ?? false;
  const project = settings.project ?? (isLocal ? localProject : undefined);
  if (project === undefined) {
    throw new EditError('CONFIG_INVALID', 'Expected GOOGLE_CLOUD_PROJECT for the model API, got none');
  }
  const location = settings.location ?? entry?.location ?? defaultRegion;
  if (location === 'global' && entry?.location === defaultRegion) {
    throw new EditError(
      'CONFIG_INVALID',
      `Expected a region such as ${defaultRegion}, as Imagen is not in global`,
    );
  }
  return vertexPost({ ...tuning, project, location, baseUrl });
}

/**
 * Settings -> the engine for one choice of engine and model.
 *
 * @throws {EditError} `CONFIG_INVALID` naming the variable that is missing or wrong.
 */
export function modelEngineFor(
  choice: { readonly engine: ModelEngineName; readonly model: string | undefined },
  settings: ModelSettings,
  parts: { readonly codec: EngineCodec; readonly tuning?: Tuning },
): InpaintEngine {
  const { engine } = choice;
  const { codec, tuning } = parts;
  if (engine === 'endpoint') {
    const endpointId = choice.model ?? settings.endpointId;
    if (endpointId === undefined) {
      throw new EditError('CONFIG_INVALID', 'Expected ENDPOINT_ID for the engine endpoint, got none');
    }
    return endpointEngine({ post: postFor(settings, undefined, tuning), codec, endpointId });
  }
  const model = choice.model ?? defaultModels[engine];
  const entry = modelEntry(model, settings.models);
  assertServes(model, entry, engine);
  const post = postFor(settings, entry ?? { apis: [engine], location: locationOf(engine) }, tuning);
  const options = { post, codec, model, successor: entry?.successor, maxSidePx: entry?.maxSidePx };
  if (engine === 'imagen') return imagenEngine(options);
  if (engine === 'imagen2') return imagen2Engine(options);
  return geminiEngine({
    ...options,
    imageSizes: entry?.imageSizes,
    triesPerSample: tuning?.triesPerSample,
  });
}

function locationOf(engine: string): string {
  return engine === 'gemini' ? 'global' : defaultRegion;
}

export type PictureEngineName = 'imagen' | 'gemini';

interface PictureChoice {
  readonly engine: PictureEngineName;
  readonly model: string | undefined;
}

/** What is used when no model is named. */
const generateModels: Readonly<Record<PictureEngineName, string>> = {
  imagen: 'imagen-4.0-generate-001',
  gemini: defaultModels.gemini,
};
const upscaleModels: Readonly<Record<PictureEngineName, string>> = {
  imagen: 'imagen-4.0-upscale-preview',
  gemini: defaultModels.gemini,
};

/** Settings -> text to image with one engine and model. @throws {EditError} `CONFIG_INVALID`. */
export function generatorFor(choice: PictureChoice, settings: ModelSettings, tuning?: Tuning): Generator {
  const options = pictureParts(choice, generateModels, 'imagen-generate', settings, tuning);
  return choice.engine === 'gemini' ? geminiGenerator(options) : imagenGenerator(options);
}

/** Settings -> upscaling with one engine and model. @throws {EditError} `CONFIG_INVALID`. */
export function upscalerFor(choice: PictureChoice, settings: ModelSettings, tuning?: Tuning): Upscaler {
  const options = pictureParts(choice, upscaleModels, 'imagen-upscale', settings, tuning);
  return choice.engine === 'gemini' ? geminiUpscaler(options) : imagenUpscaler(options);
}

function pictureParts(
  { engine, model: asked }: PictureChoice,
  defaults: Readonly<Record<PictureEngineName, string>>,
  imagenApi: ModelApi,
  settings: ModelSettings,
  tuning: Tuning | undefined,
) {
  const model = asked ?? defaults[engine];
  const api = engine === 'gemini' ? 'gemini' : imagenApi;
  const entry = modelEntry(model, settings.models);
  assertServes(model, entry, api);
  const post = postFor(settings, entry ?? { apis: [api], location: locationOf(engine) }, tuning);
  return { post, model, entry, successor: entry?.successor, imageSizes: entry?.imageSizes };
}

/** A model id that is not in the table is taken at its word: the engine says which API it speaks. */
export function assertServes(model: string, entry: ModelEntry | undefined, api: ModelApi): void {
  if (entry === undefined || entry.apis.includes(api)) return;
  throw new EditError(
    'CONFIG_INVALID',
    `Expected a model of the ${api} API, got ${model} (${entry.apis.join(', ')})`,
  );
}

/**
 * The engine and model a request ends up with: the configured ones, or what it names from the allow-list.
 *
 * `allowed` holds engine names and model ids; naming what is configured anyway is always allowed.
 *
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
  // A model on the list brings its engine along; an engine on the list brings its default model only.
  const named = [...(isOtherModel ? [asked.model] : isOtherEngine ? [engine] : [])];
  const refused = named.find((name) => !allowed.includes(name));
  if (refused !== undefined) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected engine and model from ALLOWED_MODELS (${allowed.join(', ') || 'none'}), got ${refused.slice(0, 80)}`,
    );
  }
  return { engine, model };
}
