import type { Level } from './level.ts';

/**
 * How much one unit of squared texture difference at the centre weighs against the squared colour
 * differences of a whole patch.
 */
const textureWeight = 12;

/**
 * Squared difference of two patches of one level, over colour and, at the centre, texture:
 * `sum |A - B|^2 + textureWeight * |T_a - T_b|^2`. Stops early and returns a value above `limit`
 * once the sum passes it.
 *
 * @param a centre of one patch, index of a pixel at least `radius` away from the borders.
 * @param b centre of the other.
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, for the texture term.
 */
export function patchDistance(level: Level, radius: number, a: number, b: number, limit: number): number {
  const { rgb, texture, width } = level;
  const dx = texture[2 * a]! - texture[2 * b]!;
  const dy = texture[2 * a + 1]! - texture[2 * b + 1]!;
  let sum = textureWeight * (dx * dx + dy * dy);
  const samples = (2 * radius + 1) * 3;
  const corner = radius * width + radius;
  let i = (a - corner) * 3;
  let j = (b - corner) * 3;
  for (let row = -radius; row <= radius; row++) {
    if (sum > limit) return sum;
    for (let k = 0; k < samples; k += 3) {
      const red = rgb[i + k]! - rgb[j + k]!;
      const green = rgb[i + k + 1]! - rgb[j + k + 1]!;
      const blue = rgb[i + k + 2]! - rgb[j + k + 2]!;
      sum += red * red + green * green + blue * blue;
    }
    i += 3 * width;
    j += 3 * width;
  }
  return sum;
}
