import type { EditReport } from '../../edit.ts';
import type { Claim } from '../claim/claim.ts';

/** What decides the price of one call of a model. */
export interface CallFacts {
  /** The size of what is sent, and of each answer, pixels. */
  readonly frame: { readonly width: number; readonly height: number };
  /** Pictures asked for. */
  readonly samples: number;
}

/** Estimated price of one call, USD; `undefined` where that of the model is not known. */
export type PriceOf = (call: CallFacts) => number | undefined;

interface CountedCalls {
  readonly modelCalls: Claim['modelCalls'];
  readonly regions: Pick<EditReport, 'regions'>['regions'];
  readonly samples: number;
}

/** Regions are `r0`, `r1`, ...; their tiles `r0t0`, ..., each asked for one picture. */
const regionKey = /^r(?<index>\d+)(?<tile>t\d+)?$/;

/** Estimated cost of every call that a job has counted, USD; `undefined` where the price is not known. */
export function jobCostUsd({ modelCalls, regions, samples }: CountedCalls, priceOf: PriceOf) {
  let sum: number | undefined = 0;
  for (const [key, calls] of Object.entries(modelCalls)) {
    const { index, tile } = regionKey.exec(key)?.groups ?? {};
    const frame = regions[Number(index ?? 0)]?.frame ?? smallestFrame;
    const price = priceOf({ frame, samples: tile === undefined ? samples : 1 });
    sum = sum === undefined || price === undefined ? undefined : sum + price * calls;
  }
  return sum;
}

/** Before anything is known of a picture: every model has a size that is at least this. */
export const smallestFrame = { width: 1, height: 1 };
