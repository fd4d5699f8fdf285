import type { Config } from '../config.ts';
import type { Edit, Seal } from '../edit.ts';
import type { AutomaticMask, InpaintEngine } from '../engines/engine.ts';
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
import { EditError } from '../errors.ts';
import type { FindMask } from '../find-mask.ts';
import type { MaskFinder } from '../finders/finder.ts';
import { finderEntry } from '../finders/finders.ts';
import type { Generate } from '../generate.ts';
import { wantedMask } from '../requests/engine-options.ts';
import type { ObjectStore } from '../storage/store.ts';
import type { Tracing } from '../trace.ts';
import type { Upscale } from '../upscale.ts';
import { codec } from './codec.ts';
import type { CostCap } from './cost-cap.ts';
import { findingFor } from './finders.ts';
import { once } from './once.ts';
import { type Pictures, pricedPictures } from './plans.ts';
import { tracedFetch } from './tracing.ts';

/** The edit around an engine, and around what finds masks that nobody sent. */
export type EditWith = (engine: InpaintEngine, finder?: MaskFinder) => Edit;

export interface ModelCalls extends Tuning {
  /** Credentials of this process, shared by all its calls: they keep their tokens. */
  readonly authorize: (url: string) => Promise<Headers>;
}

/** How the functions that answer callers call models: with a cost cap of the day. */
interface CappedCalls {
  readonly tuning: Tuning;
  readonly cap: CostCap;
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
    refusedFields: new Map(),
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
export async function makeEdit(
  config: Config,
  editWith: EditWith,
  { tuning, cap }: CappedCalls,
): Promise<Edit> {
  // A model that is configured wrong is found before the first request.
  await makeEngine(config, config, tuning);
  return async (input, signal) => {
    const choice = chooseEngine(input.request, config, config.allowedModels);
    const sum = costSum();
    const wrap = (model: InpaintEngine) => cap.engine(sum.priced(model, config), tuning);
    const engine = await wrap(await makeEngine(config, choice, tuning));
    const asked = { config, choice, tuning, engine, wrap, isAlone: input.request.only === 'mask' };
    const finding = await findingFor(wantedMask(input.request), asked);
    const finder = await finding?.around(finding.model);
    return { ...(await editWith(engine, finder)(input, signal)), costEstimateUsd: sum.usd() };
  };
}

/** Adds up what calls of engines cost; `undefined` where the price of a model is not known. */
function costSum() {
  let sum: number | undefined = 0;
  const priced = (engine: InpaintEngine, config: Config): InpaintEngine => {
    const price = priceOf(engine.name, config);
    const inpaint: InpaintEngine['inpaint'] = async (request, signal) => {
      const reply = await engine.inpaint(request, signal);
      const usd = reply.usage?.usd ?? price({ frame: request.crop, samples: request.samples });
      sum = sum === undefined || usd === undefined ? undefined : sum + usd;
      return reply;
    };
    return { ...engine, inpaint };
  };
  return { priced, usd: () => sum };
}

/** Masks alone, by the configured engine or finder. */
export async function makeFindMask(
  config: Config,
  { trace }: Tracing,
  { tuning, cap }: CappedCalls,
): Promise<FindMask> {
  return async (input, signal) => {
    const { maskMaker } = await import('../find-mask.ts');
    const sum = costSum();
    const wrap = (model: InpaintEngine) => cap.engine(sum.priced(model, config), tuning);
    const finderFor = async (wanted: AutomaticMask) => {
      const options = { config, choice: config, tuning, wrap, isAlone: true };
      const finding = await findingFor(wanted, options);
      if (finding === undefined) throw new EditError('INTERNAL', 'Expected a finder, got none');
      return finding.around(finding.model);
    };
    const found = await maskMaker({ finderFor, limits: config.limits, trace })(input, signal);
    return { ...found, costEstimateUsd: sum.usd() };
  };
}

export async function makeGenerate(
  config: Config,
  { tuning, cap }: CappedCalls,
): Promise<Pictures<Generate>> {
  const { generateWith, planGenerateWith } = await import('../generate.ts');
  const parts: Parameters<typeof generateWith>[0] = {
    generatorFor: async (asked) => {
      const choice = choosePictureEngine(asked, config, config.allowedModels);
      return cap.generator(await generatorFor(choice, config, tuning), tuning);
    },
    allowedBuckets: bucketNames(config),
  };
  const plan = planGenerateWith(parts);
  return { make: generateWith(parts), plan: async (value) => pricedPictures(config, await plan(value)) };
}

export async function makeUpscale(config: Config, { tuning, cap }: CappedCalls): Promise<Pictures<Upscale>> {
  const { upscaleWith, planUpscaleWith } = await import('../upscale.ts');
  const parts: Parameters<typeof upscaleWith>[0] = {
    // sharp is loaded only for a picture that is too large.
    shrink: async (image, maxBytes) =>
      (await import('../formats/vips/engine-codec.ts')).shrinkImage(image, maxBytes, config.limits),
    maxImageBytes: config.limits.maxImageBytes,
    upscalerFor: async (asked) => {
      const choice = choosePictureEngine(asked, config, config.allowedModels);
      return cap.upscaler(await upscalerFor(choice, config, tuning), tuning);
    },
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
export function editAround({ limits, ...config }: Config, { trace }: Tracing, seal?: Seal): EditWith {
  const { featherPx, dilationPx, modelDilation, maxRegions, maxTiles } = config;
  const defaults = { featherPx, dilationPx, modelDilation, maxRegions, maxTiles };
  return (engine, finder) => async (input, signal) => {
    if (input.request.only !== undefined) {
      const { onlyMaker } = await import('../only.ts');
      return onlyMaker({ engine: engine.name, finder, limits, trace })(input, signal);
    }
    engine.prepare?.();
    const { editor } = await import('../edit.ts');
    const people = engine.avoids ? await finderEntry('people').around(undefined, codec) : undefined;
    return editor({ engine, finder, people, limits, defaults, seal, trace })(input, signal);
  };
}
