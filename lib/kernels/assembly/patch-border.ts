import { centreOf, centreParts, PatchLevel, totalOf } from './patch-sweep';
import { copyPixel } from './patch-vote';

/** A known pixel of a patch: its values, and behind them its offset from the centre. */
const sampleBytes = 32;

/**
 * Fills a hole from its border inwards, one ring of pixels after the other: each pixel is copied from the
 * source patch that agrees best with what is already known around it, the first of equals:
 * `sum |A - B|^2 + 0.25 |T_a - T_b|^2 + place`. Writes the matches too.
 *
 * @param distances H x W, f32: of each pixel to the known picture.
 * @param sources centres of the source patches in scan order, i32.
 * @param stride every n-th of them is looked at.
 * @param samples room for 49 times 32 bytes.
 * @see Newson et al., "Non-local patch-based image inpainting", IPOL 2017, "onion peel".
 */
export function fillFromBorder(
  level: PatchLevel,
  distances: usize,
  sources: usize,
  sourceCount: i32,
  stride: i32,
  samples: usize,
): void {
  const width = level.width;
  const end = sources + (sourceCount << 2);
  let best = sources;
  for (let ring: f32 = 1, left = level.holeCount; left > 0; ring++) {
    for (let n = 0; n < level.holeCount; n++) {
      const pixel = load<i32>(level.holes + (n << 2));
      if (ceil(load<f32>(distances + (pixel << 2))) !== ring) continue;
      const y = pixel / width;
      const centre = clampInside(level, pixel - y * width, y);
      const samplesEnd = takeSamples(level, centre, distances, ring, samples);
      best = mostSimilar(level, centre, best, sources, end, (<usize>stride) << 2, samples, samplesEnd);
      copyPixel(level, load<i32>(best) + pixel - centre, pixel);
      store<i32>(level.nearest + (centre << 2), load<i32>(best));
      left--;
    }
  }
}

/** The nearest centre of a patch. */
function clampInside(level: PatchLevel, x: i32, y: i32): i32 {
  const radius = level.radius;
  const column = min(level.width - 1 - radius, max(radius, x));
  return min(level.height - 1 - radius, max(radius, y)) * level.width + column;
}

/** Writes the pixels of a patch that are known before a ring. @returns where they end. */
function takeSamples(level: PatchLevel, centre: i32, distances: usize, ring: f32, samples: usize): usize {
  const radius = level.radius;
  let to = samples;
  for (let j = -radius; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++) {
      const offset = j * level.width + i;
      if (load<f32>(distances + ((centre + offset) << 2)) > ring - 1) continue;
      v128.store(to, valuesOf(level, centre + offset));
      store<i32>(to, offset, 16);
      to += sampleBytes;
    }
  }
  return to;
}

/** Colours and texture of a pixel, and what else lies behind them, eight i16. */
function valuesOf(level: PatchLevel, place: i32): v128 {
  const colours = v128.load32_zero(level.rgb + place * level.channels);
  return i16x8.extend_low_i8x16_u(v128.load32_lane(level.features + (place << 2), colours, 1));
}

/** @param before what was most similar for a pixel nearby: most others are less so here too. */
function mostSimilar(
  level: PatchLevel,
  centre: i32,
  before: usize,
  sources: usize,
  end: usize,
  step: usize,
  samples: usize,
  samplesEnd: usize,
): usize {
  const own = centreOf(level, centre);
  let best = before;
  let least = difference(level, own, load<i32>(before), samples, samplesEnd, i32.MAX_VALUE) + 1;
  for (let at = sources; at < end; at += step) {
    const sum = difference(level, own, load<i32>(at), samples, samplesEnd, least);
    if (sum >= least) continue;
    least = sum;
    best = at;
  }
  return best;
}

/** Four times the sum, or a value of `limit` or more once it reaches that. */
function difference(
  level: PatchLevel,
  own: v128,
  source: i32,
  samples: usize,
  samplesEnd: usize,
  limit: i32,
): i32 {
  const place = 4 * (i32x4.extract_lane(centreParts(own, centreOf(level, source)), 1) / 5);
  const fourth: i16 = level.channels === 4 ? 4 : 0;
  const weights = i16x8.replace_lane(i16x8(4, 4, 4, 0, 1, 1, 0, 0), 3, fourth);
  let sums = i32x4.replace_lane(i32x4.splat(0), 0, place);
  let total = place;
  for (let at = samples; at < samplesEnd && total < limit; at += sampleBytes) {
    const step = i16x8.sub(v128.load(at), valuesOf(level, source + load<i32>(at, 16)));
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(step, i16x8.mul(step, weights)));
    total = totalOf(sums);
  }
  return total;
}
