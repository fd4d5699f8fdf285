import { random } from '../support/pictures.ts';

/** Choices drawn from a seed. */
export interface Draw {
  /** 0..1. */
  share(): number;
  /** A whole number below `count`. */
  below(count: number): number;
  oneOf<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

export function drawFrom(seed: number): Draw {
  const share = random(seed);
  const below = (count: number) => Math.floor(share() * count);
  return { share, below, oneOf: (list) => list[below(list.length)]!, chance: (limit) => share() < limit };
}
