/** Something that must not happen, whatever is sent. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** A place that takes what people send. */
export interface Room extends AsyncDisposable {
  /** Sends what the seed draws. @returns what came, in a word or a code each. @throws {Finding} */
  attempt(seed: number): Promise<readonly string[]>;
}

/** Faults of ours, by their codes. */
export const ourFaults = /\b(INTERNAL|NOT_EXACT|SHAPE_MISMATCH)\b/;
