import type { EditReport } from '../../edit.ts';
import type { InpaintReply } from '../../engines/engine.ts';
import { capabilitiesOf, engineNames, parseEngineName } from '../../engines/engines.ts';
import { sumUsage, type Usage } from '../../engines/usage.ts';
import type { Claim } from '../claim/claim.ts';

/** What decides the price of one call of a model. */
export interface CallFacts {
  /** Size of the picture sent, and of each answer, pixels. */
  readonly frame: { readonly width: number; readonly height: number };
  /** Candidates asked for. */
  readonly samples: number;
}

/** Estimated price of one call, USD; `undefined` when the price of the model is not known. */
export type PriceOf = (call: CallFacts) => number | undefined;

/** Replies of calls, by the keys that the claim counts under. */
export interface Measured {
  readonly add: (key: string, reply: InpaintReply) => void;
  /** What calls of a key cost that said so, USD, and how many did. */
  readonly of: (key: string) => { readonly usd: number; readonly calls: number };
  /** Of all replies; `undefined` when one did not say what it used. */
  readonly usage: () => Usage | undefined;
}

export function measuredCalls(): Measured {
  const replies: { readonly key: string; readonly usage: Usage | undefined }[] = [];
  return {
    add: (key, { usage }) => void replies.push({ key, usage }),
    of: (wanted) => {
      const prices = replies.flatMap(({ key, usage }) => (key === wanted ? (usage?.usd ?? []) : []));
      return { usd: prices.reduce((sum, usd) => sum + usd, 0), calls: prices.length };
    },
    usage: () => sumUsage(replies.map(({ usage }) => usage)),
  };
}

interface CountedCalls {
  readonly modelCalls: Claim['modelCalls'];
  readonly regions: EditReport['regions'];
  readonly samples: number;
  readonly measured?: Measured | undefined;
}

/**
 * Regions have the keys `r0`, `r1`, ..., their tiles `r0t0`, ...; a tile is asked for one candidate. A call
 * with another key finds a mask.
 */
const regionKey = /^r(?<index>\d+)(?<tile>t\d+)?$/;

/**
 * False for an embedded engine. A claim of version 0.1 names none, and a later version may name one that is
 * not known here: both count as engines that ask.
 *
 * @param name as manifests have it, e.g. `gemini:gemini-3-pro-image`.
 */
export function asksModel(name: string | undefined): boolean {
  const { engine } = parseEngineName(name ?? '');
  return !engineNames.includes(engine) || capabilitiesOf(engine).maxCallsPerSample > 0;
}

/** Calls of models that a claim has counted: it counts those of an embedded engine too, which asks nobody. */
export function modelCallsOf(
  { modelCalls }: Pick<Claim, 'modelCalls'>,
  engineName: string | undefined,
): number {
  const asks = asksModel(engineName);
  const counts = Object.entries(modelCalls).map(([key, count]) => (asks || !regionKey.test(key) ? count : 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Cost of all calls that a job has counted, USD: what they said, and an estimate for the others; `undefined`
 * when the price of one of these is not known.
 */
export function jobCostUsd(
  { modelCalls, regions, samples, measured }: CountedCalls,
  priceOf: PriceOf,
  findingPriceOf = priceOf,
) {
  let sum: number | undefined = 0;
  for (const [key, calls] of Object.entries(modelCalls)) {
    const region = regionKey.exec(key)?.groups;
    const frame = regions[Number(region?.['index'] ?? 0)]?.frame ?? smallestFrame;
    const price =
      region === undefined
        ? findingPriceOf({ frame: smallestFrame, samples: 1 })
        : priceOf({ frame, samples: region['tile'] === undefined ? samples : 1 });
    const known = measured?.of(key) ?? { usd: 0, calls: 0 };
    const others = Math.max(0, calls - known.calls);
    const estimate = others === 0 ? 0 : price && price * others;
    sum = sum === undefined || estimate === undefined ? undefined : sum + known.usd + estimate;
  }
  return sum;
}

/** Stands for the frame of a picture that was not read yet: no model has a smaller one. */
export const smallestFrame = { width: 1, height: 1 };
