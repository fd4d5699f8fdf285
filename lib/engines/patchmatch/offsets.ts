import { blur } from '../../pixels/blur.ts';
import { emptyFloatRaster, type FloatRaster } from '../../pixels/raster.ts';
import { type Field, type Random, randomField } from './field.ts';
import type { Level } from './level.ts';
import type { Patches } from './patches.ts';
import { searchMatches } from './refine.ts';

/** A step from a hole pixel to a known one, pixels of a level. */
export interface Offset {
  readonly dx: number;
  readonly dy: number;
}

/** Nearer patches look alike because they overlap: this share of the longer side, as in the paper. */
const apartShare = 1 / 15;
const sweeps = 4;
/** More offsets cost time, and add little. */
const mostOffsets = 60;
/** Offsets within some pixels are one, standard deviation in px. */
const sameOffsetPx = Math.SQRT2;
const peakReachPx = 2;
/** Fewer votes than this are chance. */
const leastVotes = 0.5;

/**
 * The offsets at which the known part of a level looks most like itself, the most frequent first: the
 * distances of what repeats, and the directions in which lines and edges go on.
 *
 * @see He and Sun, "Statistics of patch offsets for image completion", ECCV 2012.
 */
export function dominantOffsets(level: Level, patches: Patches, random: Random): readonly Offset[] {
  const apartPx = Math.ceil(apartShare * Math.max(level.width, level.height));
  const known = { ...patches, targets: patches.sources };
  const field = randomField(level, known, random);
  const effort = { sweeps, reach: Math.max(level.width, level.height), apartPx };
  // Without the place: up and down count as much as across.
  const features = level.features.map((value, i) => ((i & 2) === 0 ? value : 0));
  searchMatches({ level: { ...level, features }, patches: known, field }, effort, random);
  return peaksOf(blur(votesOf(level, known.targets, field, apartPx), sameOffsetPx), level);
}

/** How many patches are most like the one at each offset, or its negative; none is in the middle. */
function votesOf({ width, height }: Level, targets: Int32Array, field: Field, apartPx: number): FloatRaster {
  const votes = emptyFloatRaster(2 * width + 1, 2 * height + 1, 1);
  const middle = height * votes.width + width;
  for (const target of targets) {
    const source = field[target]!;
    const dx = (source % width) - (target % width);
    const dy = Math.floor(source / width) - Math.floor(target / width);
    // A random first match may be near, and the best of all.
    if (dx * dx + dy * dy < apartPx * apartPx) continue;
    votes.data[middle + dy * votes.width + dx]!++;
    votes.data[middle - dy * votes.width - dx]!++;
  }
  return votes;
}

function peaksOf(votes: FloatRaster, { width, height }: Level): readonly Offset[] {
  const peaks: (Offset & { readonly count: number })[] = [];
  for (let y = peakReachPx, at = y * votes.width; y < votes.height - peakReachPx; y++, at += votes.width) {
    for (let x = peakReachPx; x < votes.width - peakReachPx; x++) {
      const count = votes.data[at + x]!;
      if (count < leastVotes || !isPeak(votes, at + x)) continue;
      peaks.push({ dx: x - width, dy: y - height, count });
    }
  }
  return peaks.sort((a, b) => b.count - a.count).slice(0, mostOffsets);
}

function isPeak({ width, data }: FloatRaster, at: number): boolean {
  for (let j = -peakReachPx; j <= peakReachPx; j++) {
    for (let i = -peakReachPx; i <= peakReachPx; i++) if (data[at + j * width + i]! > data[at]!) return false;
  }
  return true;
}
