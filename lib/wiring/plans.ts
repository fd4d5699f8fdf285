import type { Config } from '../config.ts';
import type { EditPlan, PlanInput } from '../edit/dry-run.ts';
import type { InpaintEngine } from '../engines/engine.ts';
import {
  capabilitiesOf,
  chooseEngine,
  type EngineChoice,
  noticesOf,
  parseEngineName,
  priceOf,
} from '../engines/engines.ts';
import type { Tuning } from '../engines/entry.ts';
import type { PicturesPlan } from '../engines/picture-engines.ts';
import { type PriceOf, smallestFrame } from '../jobs/run/cost.ts';
import { wantedMask } from '../requests/engine-options.ts';
import { imageSidePx } from '../requests/values.ts';
import { findingFor, findingModelName } from './finders.ts';

/** Calls of a model, and what they cost by list price. */
interface Priced {
  readonly calls: { readonly min: number; readonly max: number };
  /** `null`: the price of the model is not known. */
  readonly costEstimateUsd: { readonly min: number; readonly max: number } | null;
}

/** An answer that cannot be used is asked for once more. */
const triesPerRegion = 2;

type MakeEngine = (choice: EngineChoice) => Promise<InpaintEngine>;

/** What an edit would do and cost; no model is called, and nothing is written. */
export type PlanEdit = (input: PlanInput, signal: AbortSignal) => Promise<EditPlan & Priced>;

/** @param makeEngine the engine for a choice. */
export async function makePlan(config: Config, makeEngine: MakeEngine, tuning: Tuning): Promise<PlanEdit> {
  const { planEdit, planOnly } = await import('../edit/dry-run.ts');
  const { limits, featherPx, dilationPx, modelDilation, maxRegions, maxTiles } = config;
  const defaults = { featherPx, dilationPx, modelDilation, maxRegions };
  return async (input, signal) => {
    const choice = chooseEngine(input.request, config, config.allowedModels);
    const engine = await makeEngine(choice);
    const wanted = wantedMask(input.request);
    const { samples, detail, only } = input.request;
    const asked = { config, choice, tuning, engine, isAlone: only === 'mask' };
    const finding = await findingFor(wanted, { ...asked, wrap: (model) => model });
    signal.throwIfAborted();
    const options = { engine, isMaskFound: finding !== undefined, limits, defaults };
    if (only !== undefined) {
      const price = finding?.model && priceOf(findingModelName(wanted, asked), config);
      return { ...(await planOnly(input, options)), ...pricesOfFinding(price) };
    }
    const planned = await planEdit(input, options);
    const plan = { ...planned, warnings: [...noticesOf(choice, config), ...planned.warnings] };
    const tiles = detail === 'tiles' ? maxTiles : 0;
    if (finding === undefined) return { ...plan, ...pricesOf(config, plan, { samples, tiles }) };
    const finds = finding.model === undefined ? 0 : 1;
    return { ...plan, ...pricesOfFound(plan, { finds, samples, tiles, maxRegions }) };
  };
}

/** @param price of the one call that finds; `undefined` where no model is asked. */
function pricesOfFinding(price: PriceOf | undefined): Priced {
  if (price === undefined) return { calls: { min: 0, max: 0 }, costEstimateUsd: { min: 0, max: 0 } };
  const usd = price({ frame: smallestFrame, samples: 1 });
  return { calls: { min: 1, max: 1 }, costEstimateUsd: usd === undefined ? null : { min: usd, max: usd } };
}

interface FoundCalls {
  /** Calls of the finder. */
  readonly finds: number;
  readonly samples: number;
  readonly tiles: number;
  readonly maxRegions: number;
}

/** Where the mask is found by the run, only that tells how many regions there are. */
function pricesOfFound({ engine }: EditPlan, { finds, samples, tiles, maxRegions }: FoundCalls): Priced {
  const { maxCallsPerSample } = capabilitiesOf(parseEngineName(engine).engine);
  const most = maxRegions * samples * maxCallsPerSample * triesPerRegion + (maxCallsPerSample && tiles);
  const isFree = finds + most === 0;
  return {
    calls: { min: finds + (maxCallsPerSample > 0 ? 1 : 0), max: finds + most },
    costEstimateUsd: isFree ? { min: 0, max: 0 } : null,
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
  const price = priceOf(engine, config);
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

/** The frame that a size is priced as; the largest where the request names none. */
export function frameOfSize(imageSize: PicturesPlan['imageSize']) {
  const side = imageSidePx[imageSize ?? '4K'];
  return { width: side, height: side };
}

/** What pictures cost, beside what else their plan says. */
export function pricedPictures(config: Config, { samples, imageSize, ...plan }: PicturesPlan) {
  const usd = priceOf(plan.engine, config)({ frame: frameOfSize(imageSize), samples });
  const costEstimateUsd = usd === undefined ? null : { min: usd, max: usd };
  const warnings = [...noticesOf(parseEngineName(plan.engine), config), ...plan.warnings];
  return { ...plan, warnings, calls: { min: 1, max: samples }, costEstimateUsd };
}
