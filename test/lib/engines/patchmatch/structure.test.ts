import { describe, expect, it } from 'vitest';
import { randomField, seededRandom } from '../../../../lib/engines/patchmatch/field.ts';
import { finestLevel } from '../../../../lib/engines/patchmatch/level.ts';
import { chooseOffsets } from '../../../../lib/engines/patchmatch/montage.ts';
import { dominantOffsets } from '../../../../lib/engines/patchmatch/offsets.ts';
import { patchesOf } from '../../../../lib/engines/patchmatch/patches.ts';
import { searchMatches } from '../../../../lib/engines/patchmatch/refine.ts';
import { completePicture } from '../../../support/complete-picture.ts';

const size = { width: 96, height: 96 };
const pixels = Array.from({ length: size.width * size.height }, (_, p) => {
  const x = p % size.width;
  return { x, y: (p - x) / size.width };
});
type Point = (typeof pixels)[number];

function pictureOf(paint: (at: Point) => number, isHole: (at: Point) => boolean) {
  const rgb = Uint8Array.from(pixels.flatMap((at) => new Array<number>(3).fill(paint(at))));
  const hole = Uint8Array.from(pixels, (at) => (isHole(at) ? 1 : 0));
  const holed = rgb.map((level, i) => (hole[Math.trunc(i / 3)] ? 255 : level));
  return { rgb, hole, level: finestLevel({ ...size, rgb: holed }, hole) };
}

const middle = ({ x, y }: Point) => Math.abs(x - 48) < 12 && Math.abs(y - 48) < 12;
/** Columns that differ for 20 px, then come again. */
const columns = ({ x }: Point) => ((x % 20) * 53) % 240;

describe('dominantOffsets', () => {
  it('begins with the distance at which a picture comes again, and has none that is near', () => {
    const { level } = pictureOf(columns, middle);
    const offsets = dominantOffsets(level, patchesOf(level, 3), seededRandom(1));
    expect(offsets.slice(0, 4).map(({ dx }) => Math.abs(dx) % 20)).toEqual([0, 0, 0, 0]);
    const lengths = offsets.map(({ dx, dy }) => Math.hypot(dx, dy));
    expect(Math.min(...lengths)).toBeGreaterThan(5);
  });

  it('finds what comes again above and below', () => {
    const grain = ({ x, y }: Point) => Math.imul((x * 73856093) ^ ((y % 24) * 19349663), 2654435761) >>> 24;
    const { level } = pictureOf(grain, middle);
    const [first] = dominantOffsets(level, patchesOf(level, 3), seededRandom(1));
    expect([first!.dx, Math.abs(first!.dy) % 24]).toEqual([0, 0]);
    expect(first!.dy).not.toBe(0);
  });
});

describe('searchMatches', () => {
  it('finds no match that is nearer than it may be', () => {
    const { level } = pictureOf(({ x, y }) => 120 + 90 * Math.sin((x * x + 3 * y) / 900), middle);
    const patches = patchesOf(level, 3);
    const known = { ...patches, targets: patches.sources };
    const random = seededRandom(1);
    const field = randomField(level, known, random);
    const isNear = (from: number, to: number) =>
      Math.hypot((from % 96) - (to % 96), Math.floor(from / 96) - Math.floor(to / 96)) < 15;
    const begun = field.slice();
    searchMatches({ level, patches: known, field }, { sweeps: 4, reach: 96, apartPx: 15 }, random);
    const near = known.targets.filter((target) => isNear(target, field[target]!));
    // What was near by chance to begin with is the nearest of all, and stays.
    expect(near.every((target) => isNear(target, begun[target]!))).toBe(true);
    expect(near.length).toBeLessThan(0.15 * known.targets.length);
  });
});

describe('chooseOffsets', () => {
  const offsets = [
    { dx: 0, dy: -35 },
    { dx: 0, dy: 35 },
    { dx: 30, dy: 0 },
    { dx: -30, dy: 0 },
  ];

  it('takes the offsets whose copies fit without any border, and none that copies from the hole', () => {
    const { rgb, hole, level } = pictureOf(columns, middle);
    const chosen = chooseOffsets(level, offsets, undefined);
    const wrong = pixels.filter(({ x, y }, p) => {
      if (!hole[p]) return chosen[p] !== -1;
      const { dx, dy } = offsets[chosen[p]!]!;
      const from = (y + dy) * size.width + x + dx;
      return hole[from] === 1 || level.rgb[3 * from] !== rgb[3 * p];
    });
    expect(wrong).toEqual([]);
  });

  it('copies nothing that is to be avoided', () => {
    const { hole, level } = pictureOf(columns, middle);
    const isBelow = Uint8Array.from(pixels, ({ y }) => (y > 60 ? 1 : 0));
    const chosen = chooseOffsets(level, offsets, isBelow);
    expect(pixels.filter((_, p) => hole[p] && chosen[p] !== 0)).toEqual([]);
  });
});

describe('a picture that begins with large pieces', () => {
  it('keeps slats, and is another than one that begins at the border', () => {
    // Dark slats on light ground, wider than a patch sees, and a mask across all of them.
    const wide = { width: 144, height: 96 };
    const columnOf = (p: number) => p % wide.width;
    const rgb = Uint8Array.from({ length: 3 * wide.width * wide.height }, (_, i) => {
      const p = Math.trunc(i / 3);
      const y = Math.trunc(p / wide.width);
      return (y % 24 < 9 ? 60 : 200) + ((columnOf(p) * 7 + y * 13) % 5);
    });
    const mask = Uint8Array.from({ length: rgb.length / 3 }, (_, p) =>
      Math.abs(columnOf(p) - 72) < 28 ? 255 : 0,
    );
    const picture = { ...wide, rgb, mask };
    const filled = completePicture(picture, 1, 'offsets');
    expect(filled).not.toEqual(completePicture(picture, 1));
    expect(filled.filter((level, i) => Math.abs(level - rgb[i]!) > 30)).toHaveLength(0);
  });
});
