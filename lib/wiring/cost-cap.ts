import type { Config } from '../config.ts';
import type { InpaintEngine } from '../engines/engine.ts';
import {
  capabilitiesOf,
  type EngineName,
  engineNames,
  mostOf,
  parseEngineName,
  priceOf,
} from '../engines/engines.ts';
import type { Tuning } from '../engines/entry.ts';
import type { Generator, Upscaler } from '../engines/picture-engines.ts';
import { EditError } from '../errors.ts';
import { smallestFrame } from '../jobs/run/cost.ts';
import type { CostGuard } from '../jobs/run/cost-guard.ts';
import type { Log } from '../log.ts';
import type { ImageSize } from '../requests/values.ts';
import type { Tracing } from '../trace.ts';
import { once } from './once.ts';
import { frameOfSize } from './plans.ts';
import { tracedStore } from './tracing.ts';

/** Where a model costs something and nobody set a cap: some 300 edits. */
const defaultDailyCapUsd = 20;

/** The cost cap of the day over all calls of this process; what costs nothing passes as it is. */
export interface CostCap {
  /** @param share of the list price that its calls cost, 1 when left out. */
  readonly engine: (engine: InpaintEngine, tuning: Tuning, share?: number) => Promise<InpaintEngine>;
  readonly generator: (generator: Generator, tuning: Tuning) => Promise<Generator>;
  readonly upscaler: (upscaler: Upscaler, tuning: Tuning) => Promise<Upscaler>;
}

/** @throws {EditError} each: `CONFIG_INVALID` for a cap that was set and a model without a price. */
export function makeCostCap(config: Config, log: Log, tracing: Tracing): CostCap {
  const guard = once(() => makeGuard(config, log, tracing));
  /** The guard and the price of a model, where it has a cap. */
  async function capOf(name: string) {
    const price = mostOf(name, config);
    if (!isCapped(name, config)) return undefined;
    return { guard: await guard(), price: (call: Parameters<typeof price>[0]) => price(call) ?? 0 };
  }
  return {
    async engine(engine, tuning, share = 1) {
      const cap = await capOf(engine.name);
      if (cap === undefined) return engine;
      const { costGuardedEngine } = await import('../jobs/run/cost-guard.ts');
      const triesPerSample = triesOf(engine.name, tuning);
      const priceOf = (call: Parameters<typeof cap.price>[0]) => share * cap.price(call);
      return costGuardedEngine(engine, { guard: cap.guard, priceOf, triesPerSample });
    },
    async generator(generator, tuning) {
      const cap = await capOf(generator.name);
      if (cap === undefined) return generator;
      const spending = spendingOf(cap.price, triesOf(generator.name, tuning));
      const generate: Generator['generate'] = (request, signal) =>
        cap.guard(spending(request), () => generator.generate(request, signal), signal);
      return { ...generator, generate };
    },
    async upscaler(upscaler, tuning) {
      const cap = await capOf(upscaler.name);
      if (cap === undefined) return upscaler;
      const spending = spendingOf(cap.price, triesOf(upscaler.name, tuning));
      const upscale: Upscaler['upscale'] = (request, signal) =>
        cap.guard(spending({ samples: 1 }), () => upscaler.upscale(request, signal), signal);
      return { ...upscaler, upscale };
    },
  };
}

const spendingOf =
  (
    price: (call: { frame: { width: number; height: number }; samples: number }) => number,
    triesPerSample: number,
  ) =>
  ({ samples, imageSize }: { readonly samples: number; readonly imageSize?: ImageSize | undefined }) => ({
    ...{ samples, triesPerSample },
    usdOf: (pictures: number) => price({ frame: frameOfSize(imageSize), samples: pictures }),
  });

/** A model that only finds masks is called once. */
function triesOf(name: string, { maxCallsPerSample }: Tuning): number {
  const { engine } = parseEngineName(name);
  if (!(engineNames as readonly string[]).includes(engine)) return 1;
  return maxCallsPerSample ?? capabilitiesOf(engine as EngineName).maxCallsPerSample;
}

/** The cap in force, USD; `undefined` where there is none. */
export function dailyCapOf({ dailyCostCapUsd, isCostCapOff, modelBaseUrl }: Config): number | undefined {
  if (isCostCapOff) return undefined;
  // A stand-in on this machine sends no bills.
  return dailyCostCapUsd ?? (modelBaseUrl?.startsWith('http://') ? undefined : defaultDailyCapUsd);
}

function isCapped(name: string, config: Config): boolean {
  // An embedded engine costs nothing.
  if (dailyCapOf(config) === undefined || parseEngineName(name).model === undefined) return false;
  if (isPriced(name, config)) return true;
  if (config.dailyCostCapUsd !== undefined) assertPriced(name, config);
  return false;
}

const isPriced = (name: string, config: Config) =>
  priceOf(name, config)({ frame: smallestFrame, samples: 1 }) !== undefined;

/** @throws {EditError} `CONFIG_INVALID` where the price of a model is not known. */
export function assertPriced(engineName: string, config: Config): void {
  if (isPriced(engineName, config)) return;
  throw new EditError(
    'CONFIG_INVALID',
    `Expected a price for ${engineName} in MODELS beside DAILY_COST_CAP_USD, got none`,
  );
}

async function makeGuard(config: Config, log: Log, { trace }: Tracing): Promise<CostGuard> {
  const { controlBucket, storageApiEndpoint: apiEndpoint, project: projectId } = config;
  const dailyCapUsd = dailyCapOf(config) ?? 0;
  const { costGuard } = await import('../jobs/run/cost-guard.ts');
  if (controlBucket === undefined) {
    if (config.service !== undefined)
      log.warn('The daily cost cap counts for this instance alone: set CONTROL_BUCKET', { dailyCapUsd });
    return costGuard({ counter: undefined, dailyCapUsd, now: Date.now });
  }
  const { cloudStorage } = await import('../storage/gcs.ts');
  const store = tracedStore(cloudStorage({ apiEndpoint, projectId }), trace);
  return costGuard({ counter: { store, controlBucket }, dailyCapUsd, now: Date.now });
}
