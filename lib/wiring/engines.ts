import type { Config } from '../config.ts';
import type { EditPlan, PlanInput } from '../edit/dry-run.ts';
import type { Edit } from '../edit.ts';
import type { EngineCodec, InpaintEngine } from '../engines/engine.ts';
import {
  capabilitiesOf,
  chooseEngine,
  choosePictureEngine,
  type EngineChoice,
  engineFor,
  generatorFor,
  parseEngineName,
  upscalerFor,
} from '../engines/engines.ts';
import type { Tuning } from '../engines/entry.ts';
import { estimateUsd, modelEntry } from '../engines/models.ts';
import type { PicturesPlan } from '../engines/picture-engines.ts';
import type { Generate } from '../generate.ts';
import type { PriceOf } from '../jobs/run/cost.ts';
import type { Tracing } from '../trace.ts';
import type { Upscale } from '../upscale.ts';
import { once } from './once.ts';
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
export function modelCalls(tracing: Tracing): ModelCalls {
  const credentials = once(async () => {
    const { applicationDefaultCredentials } = await import('../engines/vertex/credentials.ts');
    return applicationDefaultCredentials();
  });
  return { fetch: tracedFetch(tracing), authorize: async (url) => (await credentials())(url) };
}

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
  const price = priceOf(config, engine.name);
  let sum: number | undefined = 0;
  const inpaint: InpaintEngine['inpaint'] = async (request, signal) => {
    const usd = price({ frame: request.crop, samples: request.samples });
    sum = sum === undefined || usd === undefined ? undefined : sum + usd;
    return engine.inpaint(request, signal);
  };
  return { engine: { ...engine, inpaint }, costUsd: () => sum };
}

/** The list price of one call; an engine without a model costs nothing. */
export function priceOf({ models }: Config, engineName: string): PriceOf {
  const { model } = parseEngineName(engineName);
  return ({ frame, samples }) =>
    model === undefined ? 0 : estimateUsd(modelEntry(model, models), frame, samples);
}

/** Calls of a model, and what they cost by list price. */
interface Priced {
  readonly calls: { readonly min: number; readonly max: number };
  /** `null`: the price of the model is not known. */
  readonly costEstimateUsd: { readonly min: number; readonly max: number } | null;
}

/** An answer that cannot be used is asked for once more. */
const triesPerRegion = 2;

/** What an edit would do and cost; no model is called, and nothing is written. */
export type PlanEdit = (input: PlanInput, signal: AbortSignal) => Promise<EditPlan & Priced>;

export async function makePlan(config: Config, tuning: Tuning): Promise<PlanEdit> {
  const { planEdit } = await import('../edit/dry-run.ts');
  const { limits, featherPx, dilationPx, modelDilation, maxRegions, maxTiles } = config;
  const defaults = { featherPx, dilationPx, modelDilation, maxRegions };
  return async (input, signal) => {
    const engine = await makeEngine(
      config,
      chooseEngine(input.request, config, config.allowedModels),
      tuning,
    );
    signal.throwIfAborted();
    const plan = await planEdit(input, { engine, limits, defaults });
    const { samples, detail } = input.request;
    const tiles = detail === 'tiles' ? maxTiles : 0;
    return { ...plan, ...pricesOf(config, plan, { samples, tiles }) };
  };
}

/** At least one call a region; at most two tries of every candidate, and the tiles. */
function pricesOf(
  config: Config,
  { engine, regions }: EditPlan,
  { samples, tiles }: { readonly samples: number; readonly tiles: number },
): Priced {
  const { maxCallsPerSample } = capabilitiesOf(parseEngineName(engine).engine);
  if (maxCallsPerSample === 0) return { calls: { min: 0, max: 0 }, costEstimateUsd: { min: 0, max: 0 } };
  const tries = samples * maxCallsPerSample * triesPerRegion;
  const price = priceOf(config, engine);
  const frames = regions.map(({ frame }) => frame);
  const sum = (each: number) =>
    frames.reduce<number | undefined>((total, frame) => {
      const usd = price({ frame, samples: each });
      return total === undefined || usd === undefined ? undefined : total + usd;
    }, 0);
  const [min, most] = [sum(samples), sum(tries)];
  const ofTiles = tiles * Math.max(...frames.map((frame) => price({ frame, samples: 1 }) ?? 0), 0);
  return {
    calls: { min: regions.length, max: regions.length * tries + tiles },
    costEstimateUsd: min === undefined || most === undefined ? null : { min, max: most + ofTiles },
  };
}

/** The functions of new pictures: each makes them, or tells what that would cost. */
export interface Pictures<Make> {
  readonly make: Make;
  readonly plan: (value: unknown) => Promise<Omit<PicturesPlan, 'samples' | 'imageSize'> & Priced>;
}

/** Longer sides of what is sold as 1K, 2K and 4K, pixels. */
const sidePx = { '1K': 1024, '2K': 2048, '4K': 4096 } as const;

function priced(config: Config, { samples, imageSize, ...plan }: PicturesPlan) {
  const side = sidePx[imageSize ?? '4K'];
  const usd = priceOf(config, plan.engine)({ frame: { width: side, height: side }, samples });
  const costEstimateUsd = usd === undefined ? null : { min: usd, max: usd };
  return { ...plan, calls: { min: 1, max: samples }, costEstimateUsd };
}

export async function makeGenerate(config: Config, tuning: Tuning): Promise<Pictures<Generate>> {
  const { generateWith, planGenerateWith } = await import('../generate.ts');
  const parts: Parameters<typeof generateWith>[0] = {
    generatorFor: async (asked) =>
      generatorFor(choosePictureEngine(asked, config, config.allowedModels), config, tuning),
    allowedBuckets: bucketNames(config),
  };
  const plan = planGenerateWith(parts);
  return { make: generateWith(parts), plan: async (value) => priced(config, await plan(value)) };
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
  return { make: upscaleWith(parts), plan: async (value) => priced(config, await plan(value)) };
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
