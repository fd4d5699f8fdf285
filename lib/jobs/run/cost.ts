import type { EditReport } from '../../edit.ts';
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

interface CountedCalls {
  readonly modelCalls: Claim['modelCalls'];
  readonly regions: EditReport['regions'];
  readonly samples: number;
}

/**
 * Regions have the keys `r0`, `r1`, ..., their tiles `r0t0`, ...; a tile is asked for one candidate. A call
 * with another key finds a mask.
 */
const regionKey = /^r(?<index>\d+)(?<tile>t\d+)?$/;

/** Estimated cost of all calls that a job has counted, USD; `undefined` when the price is not known. */
export function jobCostUsd(
  { modelCalls, regions, samples }: CountedCalls,
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
    sum = sum === undefined || price === undefined ? undefined : sum + price * calls;
  }
  return sum;
}

/** Stands for the frame of a picture that was not read yet: no model has a smaller one. */
export const smallestFrame = { width: 1, height: 1 };
