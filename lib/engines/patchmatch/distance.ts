import type { Level } from './level.ts';

/**
 * How much one unit of squared texture difference at the centre weighs against the squared colour
 * differences of a whole patch.
 */
const textureWeight = 12;

/**
 * What a squared step of 1/255 of the longer side costs. Among equals the nearer source wins, above all one
 * at the same height, where light, distance and kind of ground are the same.
 */
const acrossWeight = 0.6;
const upWeight = 5;

/**
 * Squared difference of two patches of one level, over colour and, at the centre, texture and place:
 * `sum |A - B|^2 + textureWeight * |T_a - T_b|^2 + place`. Stops early and returns a value above
 * `limit` once the sum passes it.
 *
 * @param a centre of one patch, index of a pixel at least `radius` away from the borders.
 * @param b centre of the other.
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, for the texture term.
 */
export function patchDistance(level: Level, radius: number, a: number, b: number, limit: number): number {
  const { rgb, features, width, channels } = level;
  const dx = features[4 * a]! - features[4 * b]!;
  const dy = features[4 * a + 1]! - features[4 * b + 1]!;
  let sum = textureWeight * (dx * dx + dy * dy) + placeDistance(features, a, b);
  const samples = (2 * radius + 1) * channels;
  const corner = radius * width + radius;
  let i = (a - corner) * channels;
  let j = (b - corner) * channels;
  const rowDistance = channels === 3 ? rowOfThree : rowOfFour;
  for (let row = -radius; row <= radius; row++) {
    if (sum > limit) return sum;
    sum += rowDistance(rgb, i, j, samples);
    i += channels * width;
    j += channels * width;
  }
  return sum;
}

/** Squared difference of one row; written out, since most of the time goes here. */
function rowOfThree(rgb: Uint8Array, i: number, j: number, samples: number): number {
  let sum = 0;
  for (let k = 0; k < samples; k += 3) {
    const red = rgb[i + k]! - rgb[j + k]!;
    const green = rgb[i + k + 1]! - rgb[j + k + 1]!;
    const blue = rgb[i + k + 2]! - rgb[j + k + 2]!;
    sum += red * red + green * green + blue * blue;
  }
  return sum;
}

function rowOfFour(rgb: Uint8Array, i: number, j: number, samples: number): number {
  let sum = 0;
  for (let k = 0; k < samples; k++) {
    const step = rgb[i + k]! - rgb[j + k]!;
    sum += step * step;
  }
  return sum;
}

/** What copying from `b` to `a` costs for the distance between them, a whole number. */
export function placeDistance(features: Uint8Array, a: number, b: number): number {
  const across = features[4 * a + 2]! - features[4 * b + 2]!;
  const up = features[4 * a + 3]! - features[4 * b + 3]!;
  return (acrossWeight * across * across + upWeight * up * up) | 0;
}
