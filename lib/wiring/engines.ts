import type { Config } from '../config.ts';
import type { Edit } from '../edit.ts';
import type { EngineCodec, InpaintEngine } from '../engines/engine.ts';
import type { chooseEngine, EngineChoice, Tuning } from '../engines/engine-for.ts';
import { EditError } from '../errors.ts';
import type { Generate } from '../generate.ts';
import type { Tracing } from '../trace.ts';
import type { Upscale } from '../upscale.ts';
import { once } from './once.ts';
import { tracedFetch } from './tracing.ts';

type ChooseEngine = typeof chooseEngine;
export type EditWith = (engine: InpaintEngine) => Edit;

/** sharp is loaded with the first crop: an upload without its mask needs none. */
const codec: EngineCodec = {
  encode: async (raster, options) =>
    (await import('../formats/vips/engine-codec.ts')).engineCodec.encode(raster, options),
};

export interface ModelCalls extends Tuning {
  /** Credentials of this process, one for all it calls: they keep their tokens. */
  readonly authorize: (url: string) => Promise<Headers>;
}

/** How this process calls models. */
export function modelCalls(tracing: Tracing): ModelCalls {
  const credentials = once(async () => {
    const { applicationDefaultCredentials } = await import('../engines/vertex/credentials.ts');
    return applicationDefaultCredentials();
  });
  return { fetch: tracedFetch(tracing), authorize: async (url) => (await credentials())(url) };
}

/** The engine for one choice; engines are cheap, their clients are made at the first call. */
export async function makeEngine(
  config: Config,
  { engine, model }: EngineChoice,
  tuning: Tuning,
): Promise<InpaintEngine> {
  if (engine === 'patchmatch') {
    const { patchmatchEngine } = await import('../engines/patchmatch/patchmatch.ts');
    return patchmatchEngine({ codec });
  }
  const { modelEngineFor } = await import('../engines/engine-for.ts');
  return modelEngineFor({ engine, model }, config, { codec, tuning });
}

/** An edit by the configured engine, or by the one a request names from the allow-list. */
export async function makeEdit(config: Config, editWith: EditWith, tuning: Tuning): Promise<Edit> {
  const { chooseEngine } = await import('../engines/engine-for.ts');
  // A model that is configured wrong is found before the first request.
  await makeEngine(config, config, tuning);
  return async (input, signal) => {
    const choice = chooseEngine(input.request, config, config.allowedModels);
    return editWith(await makeEngine(config, choice, tuning))(input, signal);
  };
}

/** The engines that make whole pictures, by the configured engine. */
const pictureEngines = { imagen: 'imagen', imagen2: 'imagen', gemini: 'gemini' } as const;

/** Text to image and upscaling have models of their own: `MODEL` names that of edits, unless both are one. */
function pictureChoice(chooseEngine: ChooseEngine, config: Config, asked: Parameters<ChooseEngine>[0]) {
  const model = config.engine === 'gemini' ? config.model : undefined;
  const choice = chooseEngine(asked, { engine: config.engine, model }, config.allowedModels);
  if (!(choice.engine in pictureEngines)) {
    throw new EditError(
      'ENGINE_UNSUPPORTED',
      `Expected ENGINE imagen or gemini to make pictures, got ${choice.engine}`,
    );
  }
  return { engine: pictureEngines[choice.engine as keyof typeof pictureEngines], model: choice.model };
}

export async function makeGenerate(config: Config, tuning: Tuning): Promise<Generate> {
  const { chooseEngine, generatorFor } = await import('../engines/engine-for.ts');
  const { generateWith } = await import('../generate.ts');
  return generateWith({
    generatorFor: (asked) => generatorFor(pictureChoice(chooseEngine, config, asked), config, tuning),
    allowedBuckets: bucketNames(config),
  });
}

export async function makeUpscale(config: Config, tuning: Tuning): Promise<Upscale> {
  const { chooseEngine, upscalerFor } = await import('../engines/engine-for.ts');
  const { upscaleWith } = await import('../upscale.ts');
  return upscaleWith({
    // sharp is loaded only for a picture that is too large.
    shrink: async (image, maxBytes) =>
      (await import('../formats/vips/engine-codec.ts')).shrinkImage(image, maxBytes),
    upscalerFor: (asked) => upscalerFor(pictureChoice(chooseEngine, config, asked), config, tuning),
    allowedBuckets: bucketNames(config),
  });
}

/** Buckets whose objects a caller may name: never the control bucket. */
function bucketNames({ buckets }: Config): string[] {
  return buckets === undefined ? [] : [buckets.input, buckets.output];
}

/** The edit around an engine; all that works on pixels is loaded with its first picture. */
export function editAround({ limits, ...config }: Config, { trace }: Tracing): EditWith {
  const { featherPx, dilationPx, modelDilation, maxRegions, maxTiles } = config;
  const defaults = { featherPx, dilationPx, modelDilation, maxRegions, maxTiles };
  return (engine) => async (input, signal) => {
    engine.prepare?.();
    const { editor } = await import('../edit.ts');
    return editor({ engine, limits, defaults, trace })(input, signal);
  };
}
