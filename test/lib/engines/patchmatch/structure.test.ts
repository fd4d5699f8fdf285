import { describe, expect, it } from 'vitest';
import { completePicture } from '../../../../lib/engines/patchmatch/complete.ts';
import { seededRandom } from '../../../../lib/engines/patchmatch/field.ts';
import { finestLevel } from '../../../../lib/engines/patchmatch/level.ts';
import { chooseOffsets } from '../../../../lib/engines/patchmatch/montage.ts';
import { dominantOffsets } from '../../../../lib/engines/patchmatch/offsets.ts';
import { patchesOf } from '../../../../lib/engines/patchmatch/patches.ts';

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

  it('finds as many upwards as sideways', () => {
    const { level } = pictureOf(({ x, y }) => columns({ x: y, y: x }), middle);
    const [first] = dominantOffsets(level, patchesOf(level, 3), seededRandom(1));
    expect(Math.abs(first!.dy) % 20).toBe(0);
  });
});

describe('chooseOffsets', () => {
  const offsets = [
    { dx: 30, dy: 0 },
    { dx: 40, dy: 0 },
    { dx: -40, dy: 0 },
    { dx: 0, dy: -35 },
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
    const { level } = pictureOf(columns, middle);
    const isRight = Uint8Array.from(pixels, ({ x }) => (x > 60 ? 1 : 0));
    const chosen = chooseOffsets(level, offsets, isRight);
    const used = new Set(chosen.filter((label) => label >= 0));
    expect([...used].every((label) => offsets[label]!.dx <= 0)).toBe(true);
  });
});

describe('a picture that begins with large pieces', () => {
  it('keeps slats that patches lose', () => {
    // Dark slats on light ground, wider than a patch sees, and a mask across all of them.
    const paint = ({ x, y }: Point) => (y % 24 < 9 ? 60 : 200) + ((x * 7 + y * 13) % 5);
    const { rgb, hole } = pictureOf(paint, ({ x }) => Math.abs(x - 48) < 16);
    const picture = { ...size, rgb, mask: hole.map((inside) => 255 * inside) };
    const filled = completePicture(picture, 1, 'offsets');
    const wrong = filled.filter((level, i) => Math.abs(level - rgb[i]!) > 30).length / 3;
    expect(wrong).toBeLessThan(0.01 * hole.reduce((sum, inside) => sum + inside, 0));
  });
});
