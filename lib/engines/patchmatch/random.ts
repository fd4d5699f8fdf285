/** A source of unsigned 32 bit integers. */
export type Random = () => number;

/**
 * A seeded generator: the same seed gives the same numbers on every machine.
 *
 * @param seed any integer; only its low 32 bits count.
 * @see Steele and Vigna, "Computationally easy, spectrally good multipliers", 2021 (mulberry32 form).
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
