import type { Config } from '../config.ts';
import type { Edit } from '../edit.ts';
import type { EngineCodec, InpaintEngine } from '../engines/engine.ts';
import {
  chooseEngine,
  choosePictureEngine,
  type EngineChoice,
  engineFor,
  generatorFor,
  priceOf,
  upscalerFor,
} from '../engines/engines.ts';
import type { ReadObject, Tuning } from '../engines/entry.ts';
import type { Generate } from '../generate.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Tracing } from '../trace.ts';
import type { Upscale } from '../upscale.ts';
import { once } from './once.ts';
import { type Pictures, pricedPictures } from './plans.ts';
import { tracedFetch } from './tracing.ts';

export type EditWith = (engine: InpaintEngine) => Edit;

/** sharp is loaded with the first crop: an upload without a mask needs none. */
const codec: EngineCodec = {
  encode: async (raster, options) =>
    (await import('../formats/vips/engine-codec.ts')).engineCodec.encode(raster, options),
};

export interface ModelCalls extends Tuning {
  /** Credentials of this process, shared by all its calls: they keep their tokens. */
  readonly authorize: (url: string) => Promise<Headers>;
}

/** How this process calls models. */
export function modelCalls(config: Config, tracing: Tracing): ModelCalls {
  const store = once(async () => {
    const { cloudStorage } = await import('../storage/gcs.ts');
    return cloudStorage({ apiEndpoint: config.storageApiEndpoint, projectId: config.project });
  });
  const credentials = once(async () => {
    const { applicationDefaultCredentials } = await import('../engines/vertex/credentials.ts');
    return applicationDefaultCredentials();
  });
  return {
    fetch: tracedFetch(tracing),
    authorize: async (url) => (await credentials())(url),
    readObject: async (id, check) => readFrom(await store(), id, check),
  };
}

const readFrom = async (
  store: ObjectStore,
  { bucket, name, generation }: Parameters<ReadObject>[0],
  check: Parameters<ReadObject>[1],
) => {
  const found = await store.stat({ bucket, name, ...(generation && { generation }) });
  if (found === undefined) return undefined;
  check(found.sizeBytes);
  return store.read(found, { maxBytes: found.sizeBytes });
};

/** The engine for one choice; engines are cheap, their clients are made at the first call. */
export function makeEngine(config: Config, choice: EngineChoice, tuning: Tuning): Promise<InpaintEngine> {
  return engineFor(choice, config, { codec, tuning });
}

/** An edit by the configured engine, or by the one a request names from the allow-list. */
export async function makeEdit(config: Config, editWith: EditWith, tuning: Tuning): Promise<Edit> {
  // A model that is configured wrong is found before the first request.
  await makeEngine(config, config, tuning);
  return async (input, signal) => {
    const choice = chooseEngine(input.request, config, config.allowedModels);
    const { engine, costUsd } = pricedEngine(await makeEngine(config, choice, tuning), config);
    return { ...(await editWith(engine)(input, signal)), costEstimateUsd: costUsd() };
  };
}

/** An engine that adds up what its calls cost; `undefined` where the price of its model is not known. */
function pricedEngine(engine: InpaintEngine, config: Config) {
  const price = priceOf(engine.name, config);
  let sum: number | undefined = 0;
  const inpaint: InpaintEngine['inpaint'] = async (request, signal) => {
    const usd = price({ frame: request.crop, samples: request.samples });
    sum = sum === undefined || usd === undefined ? undefined : sum + usd;
    return engine.inpaint(request, signal);
  };
  return { engine: { ...engine, inpaint }, costUsd: () => sum };
}

export async function makeGenerate(config: Config, tuning: Tuning): Promise<Pictures<Generate>> {
  const { generateWith, planGenerateWith } = await import('../generate.ts');
  const parts: Parameters<typeof generateWith>[0] = {
    generatorFor: async (asked) =>
      generatorFor(choosePictureEngine(asked, config, config.allowedModels), config, tuning),
    allowedBuckets: bucketNames(config),
  };
  const plan = planGenerateWith(parts);
  return { make: generateWith(parts), plan: async (value) => pricedPictures(config, await plan(value)) };
}

export async function makeUpscale(config: Config, tuning: Tuning): Promise<Pictures<Upscale>> {
  const { upscaleWith, planUpscaleWith } = await import('../upscale.ts');
  const parts: Parameters<typeof upscaleWith>[0] = {
    // sharp is loaded only for a picture that is too large.
    shrink: async (image, maxBytes) =>
      (await import('../formats/vips/engine-codec.ts')).shrinkImage(image, maxBytes, config.limits),
    maxImageBytes: config.limits.maxImageBytes,
    upscalerFor: async (asked) =>
      upscalerFor(choosePictureEngine(asked, config, config.allowedModels), config, tuning),
    allowedBuckets: bucketNames(config),
  };
  const plan = planUpscaleWith(parts);
  return { make: upscaleWith(parts), plan: async (value) => pricedPictures(config, await plan(value)) };
}

/** Buckets whose objects a caller may name; the control bucket is not one of them. */
function bucketNames({ buckets }: Config): string[] {
  return buckets === undefined ? [] : [buckets.input, buckets.output];
}

/** The edit with an engine; everything that works on pixels is loaded with the first picture. */
export function editAround({ limits, ...config }: Config, { trace }: Tracing): EditWith {
  const { featherPx, dilationPx, modelDilation, maxRegions, maxTiles } = config;
  const defaults = { featherPx, dilationPx, modelDilation, maxRegions, maxTiles };
  return (engine) => async (input, signal) => {
    engine.prepare?.();
    const { editor } = await import('../edit.ts');
    return editor({ engine, limits, defaults, trace })(input, signal);
  };
}
