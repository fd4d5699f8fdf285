/**
 * What a squared step of 1/255 of the longer side costs. Among equals the nearer source wins, above all one
 * at the same height, where light, distance and kind of ground are the same.
 */
const acrossWeight = 0.6;
const upWeight = 5;

/** What copying from `b` to `a` costs for the distance between them, a whole number. */
export function placeDistance(features: Uint8Array, a: number, b: number): number {
  const across = features[4 * a + 2]! - features[4 * b + 2]!;
  const up = features[4 * a + 3]! - features[4 * b + 3]!;
  return (acrossWeight * across * across + upWeight * up * up) | 0;
}
