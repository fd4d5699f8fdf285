import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyHistory,
  historyBytes,
  keepStep,
  redo,
  undo,
} from '../../functions/studio/page/mask/history.ts';
import { encodeMask } from '../../functions/studio/page/mask/png.ts';
import { readMask, takeOver } from '../../functions/studio/page/mask/read.ts';
import {
  fillBox,
  fillCapsule,
  fillPolygon,
  isInCapsule,
  type Point,
} from '../../functions/studio/page/mask/shapes.ts';
import {
  dropStep,
  emptyMask,
  endStep,
  factsOf,
  fillSpan,
  fullTile,
  readRow,
  type TileMask,
  valueAt,
} from '../../functions/studio/page/mask/tiles.ts';
import { clearAll, fillHoles, grow, invert, shrink } from '../../functions/studio/page/mask/whole.ts';
import { sharp } from '../../lib/formats/vips/loaders.ts';
import { maskOf } from '../support/made-pictures.ts';

const size = { width: 300, height: 270 };
const newMask = () => emptyMask(size.width, size.height);

function bytesOf(mask: TileMask): Uint8Array {
  const bytes = new Uint8Array(mask.width * mask.height);
  for (let y = 0; y < mask.height; y++) {
    readRow(mask, y, bytes.subarray(y * mask.width, (y + 1) * mask.width));
  }
  return bytes;
}

type Corner = readonly [x: number, y: number];

function box(mask: TileMask, [x, y]: Corner, [right, bottom]: Corner, value = 255): void {
  const corners = [
    { x, y },
    { x: right, y: bottom },
  ] as const;
  fillBox(mask, corners, value);
}

type Predicate = (x: number, y: number) => boolean;

/** How many pixels of a mask differ from what each pixel alone says. */
function wrongPixels(mask: TileMask, isOn: Predicate): number {
  return bytesOf(mask).reduce((sum, value, at) => {
    const expected = isOn(at % mask.width, Math.floor(at / mask.width)) ? 255 : 0;
    return sum + (value === expected ? 0 : 1);
  }, 0);
}

/** Hundredths of a pixel: doubles of fast-check lie nearly all beside 0. */
const hundredths = (least: number, most: number) =>
  fc.integer({ min: least * 100, max: most * 100 }).map((n) => n / 100);
const coordinate = (most: number) => hundredths(-60, most + 60);
const point: fc.Arbitrary<Point> = fc.record({ x: coordinate(size.width), y: coordinate(size.height) });
const grid: fc.Arbitrary<Point> = fc.record({ x: fc.integer({ max: 300 }), y: fc.integer({ max: 270 }) });
const radius = fc.oneof(
  hundredths(0.5, 90),
  fc.integer({ min: 1, max: 180 }).map((d) => d / 2),
);

test('a stroke covers exactly the pixels whose centres the brush reaches', () => {
  const end = fc.oneof(point, grid);
  fc.assert(
    fc.property(end, end, radius, (from, to, r) => {
      const mask = newMask();
      const capsule = { from, to, radius: r };
      fillCapsule(mask, capsule, 255);
      expect(wrongPixels(mask, (x, y) => isInCapsule(capsule, x, y))).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test('a dot of 3 pixels, by hand', () => {
  const mask = emptyMask(5, 5);
  fillCapsule(mask, { from: { x: 2.5, y: 2.5 }, to: { x: 2.5, y: 2.5 }, radius: 1 }, 255);
  const byHand = maskOf('.....', '..#..', '.###.', '..#..', '.....');
  expect(bytesOf(mask)).toEqual(byHand.data);
});

test('the eraser takes away what the brush set, and nothing else', () => {
  const mask = newMask();
  invert(mask);
  const capsule = { from: { x: 20, y: 20 }, to: { x: 280, y: 260 }, radius: 17.5 };
  fillCapsule(mask, capsule, 0);
  expect(wrongPixels(mask, (x, y) => !isInCapsule(capsule, x, y))).toBe(0);
});

test('a box covers the centres between its corners, also over the edges', () => {
  const mask = newMask();
  box(mask, [600, 20.4], [250.6, -3]);
  expect(wrongPixels(mask, (x, y) => x >= 251 && y < 20)).toBe(0);
  const inside = newMask();
  box(inside, [10.5, 20.4], [19.4, 29.6]);
  expect(wrongPixels(inside, (x, y) => x >= 11 && x < 19 && y >= 20 && y < 30)).toBe(0);
});

test('a lasso covers what it winds around, as each pixel alone says', () => {
  const isInside =
    (points: readonly Point[]): Predicate =>
    (x, y) => {
      let winding = 0;
      for (const [index, a] of points.entries()) {
        const b = points[(index + 1) % points.length] ?? a;
        if (a.y <= y + 0.5 === b.y <= y + 0.5) continue;
        const crossing = a.x + ((y + 0.5 - a.y) * (b.x - a.x)) / (b.y - a.y);
        if (crossing <= x + 0.5) winding += a.y <= y + 0.5 ? 1 : -1;
      }
      return winding !== 0;
    };
  fc.assert(
    fc.property(fc.array(point, { minLength: 3, maxLength: 9 }), (points) => {
      const mask = newMask();
      fillPolygon(mask, points, 255);
      expect(wrongPixels(mask, isInside(points))).toBe(0);
    }),
    { numRuns: 25 },
  );
});

test('a lasso that crosses itself leaves no hole', () => {
  const mask = newMask();
  const twice = [0, 1, 2, 3, 4, 5, 6, 7].map((turn) => ({
    x: 150 + 80 * Math.cos((turn * Math.PI) / 2),
    y: 130 + 80 * Math.sin((turn * Math.PI) / 2),
  }));
  fillPolygon(mask, twice, 255);
  expect(valueAt(mask, 150, 130)).toBe(255);
});

test('grow and shrink are discs, and the edge of the picture shrinks nothing', () => {
  const blob = newMask();
  box(blob, [100, 90], [140, 130]);
  fillSpan(blob, 20, [250, 251], 255);
  const before = bytesOf(blob);
  const isOn: Predicate = (x, y) => before[y * size.width + x] === 255;
  const isNear = (x: number, y: number) =>
    Math.max(100 - x, 0, x - 139) ** 2 + Math.max(90 - y, 0, y - 129) ** 2 <= 49 ||
    (x - 250) ** 2 + (y - 20) ** 2 <= 49;
  grow(blob, 7);
  expect(wrongPixels(blob, isNear)).toBe(0);
  shrink(blob, 7);
  expect(wrongPixels(blob, isOn)).toBe(0);

  const all = newMask();
  invert(all);
  shrink(all, 9);
  expect(factsOf(all).edited).toBe(size.width * size.height);
});

test('holes are filled, bays are not', () => {
  const mask = newMask();
  box(mask, [40, 40], [280, 265]);
  box(mask, [60, 60], [220, 90], 0);
  // A bay that goes up and down from its mouth.
  box(mask, [60, 160], [300, 170], 0);
  box(mask, [60, 120], [70, 220], 0);
  const isBay: Predicate = (x, y) =>
    (x >= 60 && y >= 160 && y < 170) || (x >= 60 && x < 70 && y >= 120 && y < 220);
  fillHoles(mask);
  expect(wrongPixels(mask, (x, y) => x >= 40 && x < 280 && y >= 40 && y < 265 && !isBay(x, y))).toBe(0);
});

test('invert twice is the same, and keeps grey', () => {
  const mask = newMask();
  fillSpan(mask, 3, [2, 290], 77);
  endStep(mask);
  const before = bytesOf(mask);
  invert(mask);
  expect(valueAt(mask, 10, 3)).toBe(178);
  expect(valueAt(mask, 10, 4)).toBe(255);
  invert(mask);
  endStep(mask);
  expect(bytesOf(mask)).toEqual(before);
});

test('empty and full tiles are shared once a step has ended', () => {
  const mask = newMask();
  box(mask, [-1, -1], [400, 400]);
  endStep(mask);
  expect(mask.tiles.every((tile) => tile === fullTile)).toBe(true);
  box(mask, [-1, -1], [400, 400], 0);
  endStep(mask);
  expect(mask.tiles.every((tile) => tile === undefined)).toBe(true);
});

/** Strokes one after the other, each a step. */
function paint(strokes: readonly (readonly [Point, Point, number, boolean])[], history = emptyHistory()) {
  const mask = newMask();
  const states = [bytesOf(mask)];
  for (const [from, to, r, isBrush] of strokes) {
    fillCapsule(mask, { from, to, radius: r }, isBrush ? 255 : 0);
    if (keepStep(history, mask)) states.push(bytesOf(mask));
  }
  return { mask, states, history };
}

test('undo goes back through every state, and redo forth again', () => {
  const stroke = fc.tuple(point, point, radius, fc.boolean());
  fc.assert(
    fc.property(fc.array(stroke, { maxLength: 8 }), (strokes) => {
      const { mask, states, history } = paint(strokes);
      for (const state of states.toReversed().slice(1)) {
        expect(undo(history, mask)).toBe(true);
        expect(bytesOf(mask)).toEqual(state);
      }
      expect(undo(history, mask)).toBe(false);
      for (const state of states.slice(1)) {
        expect(redo(history, mask)).toBe(true);
        expect(bytesOf(mask)).toEqual(state);
      }
      expect(redo(history, mask)).toBe(false);
    }),
    { numRuns: 8 },
  );
});

test('a stroke that changes nothing is no step, and one that is taken back leaves nothing', () => {
  const mask = newMask();
  const history = emptyHistory();
  const dot = { from: { x: 50, y: 50 }, to: { x: 50, y: 50 }, radius: 20 };
  fillCapsule(mask, dot, 255);
  expect(keepStep(history, mask)).toBe(true);
  fillCapsule(mask, dot, 255);
  expect(keepStep(history, mask)).toBe(false);
  const before = bytesOf(mask);
  fillCapsule(mask, { ...dot, radius: 70 }, 255);
  dropStep(mask);
  expect(bytesOf(mask)).toEqual(before);
  expect(history.undo).toHaveLength(1);
  undo(history, mask);
  fillCapsule(mask, { ...dot, radius: 3 }, 255);
  keepStep(history, mask);
  expect(redo(history, mask)).toBe(false);
});

test('the history keeps to its budget and drops the oldest steps', () => {
  const limits = { maxBytes: 10 * 65_536, maxSteps: 30 };
  const strokes = Array.from(
    { length: 60 },
    (_, n) => [{ x: n, y: n }, { x: 299, y: n * 3 }, 3, n % 5 !== 4] as const,
  );
  const { history, mask } = paint(strokes, emptyHistory(limits));
  expect(historyBytes(history)).toBeLessThanOrEqual(limits.maxBytes);
  const { length } = history.undo;
  expect(length).toBeGreaterThan(1);
  clearAll(mask);
  keepStep(history, mask);
  invert(mask);
  keepStep(history, mask);
  undo(history, mask);
  expect(historyBytes(history)).toBeLessThanOrEqual(limits.maxBytes);
});

async function decoded(mask: TileMask) {
  const png = sharp(await encodeMask(mask));
  const { width, height, depth, channels } = await png.metadata();
  const bytes = await png.clone().toColourspace('b-w').raw().toBuffer();
  const bitDepth = Buffer.from(await encodeMask(mask))[24];
  return { width, height, depth, channels, bitDepth, bytes: Uint8Array.from(bytes) };
}

test.each([1, 7, 8, 9, 256, 257, 300])(
  'a mask %d wide is written as a PNG of 1 bit that sharp reads alike',
  async (width) => {
    const mask = emptyMask(width, 270);
    fillCapsule(mask, { from: { x: 0, y: 0 }, to: { x: width, y: 280 }, radius: 11 }, 255);
    endStep(mask);
    const png = await decoded(mask);
    expect(png).toMatchObject({ width, height: 270, channels: 1, bitDepth: 1 });
    expect(png.bytes).toEqual(bytesOf(mask));
  },
);

test('the same mask gives the same bytes, however it was painted', async () => {
  const [painted, inverted] = [newMask(), newMask()];
  box(inverted, [280, 5], [290, 20]);
  endStep(inverted);
  invert(inverted);
  box(painted, [0, 0], [size.width, size.height]);
  box(painted, [280, 5], [290, 20], 0);
  for (const mask of [painted, inverted]) endStep(mask);
  expect(await encodeMask(inverted)).toEqual(await encodeMask(painted));
  expect((await decoded(inverted)).bytes).toEqual(bytesOf(painted));
});

test('a grey mask is written with 8 bits, and comes back exactly', async () => {
  const mask = newMask();
  for (let y = 0; y < size.height; y++) fillSpan(mask, y, [y, y + 40], y % 256);
  endStep(mask);
  const { bytes, bitDepth } = await decoded(mask);
  expect(bitDepth).toBe(8);
  expect(bytes).toEqual(bytesOf(mask));
  const again = newMask();
  takeOver(again, readMask({ ...size, data: rgba(bytes) }));
  endStep(again);
  expect(bytesOf(again)).toEqual(bytesOf(mask));
});

const rgba = (grey: Uint8Array) =>
  Uint8ClampedArray.from({ length: grey.length * 4 }, (_, at) => (at % 4 === 3 ? 255 : (grey[at >> 2] ?? 0)));

test('a mask in the alpha channel is taken from there', () => {
  const data = Uint8ClampedArray.from([0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128, 0, 0, 0, 0]);
  const read = readMask({ width: 2, height: 2, data });
  const row = new Uint8Array(2);
  read.rows(0, row);
  expect([...row]).toEqual([0, 255]);
  expect(read).toMatchObject({ isAlpha: true, coverage: 0.5 });
  expect(readMask({ width: 1, height: 1, data: Uint8ClampedArray.from([255, 255, 255, 255]) })).toMatchObject(
    {
      isAlpha: false,
      coverage: 1,
    },
  );
});
