import type { Box, Mask, Size } from '../../../lib/pixels/raster.ts';
import { glyphHeight, glyphs, glyphWidth } from './glyphs.ts';
import { labelBox } from './label-box.ts';
import type { Rgb } from './pixels.ts';

type Colour = readonly [number, number, number];

/** Background tints: candidates of one request can be told apart. */
const tints: readonly Colour[] = [
  [240, 214, 120],
  [150, 205, 235],
  [180, 225, 160],
  [235, 175, 190],
];
const ink: Colour = [30, 30, 35];
/** How much darker every other stripe is. */
const stripeShade = 0.88;
/** Stripes as a fraction of the shorter side. */
const stripeFraction = 1 / 16;
/** Room around the lines, in pixels of the font. */
const margin = 2;
const lineGap = 2;

/**
 * What stands for the work of a generative model: a striped card that says so, over everything masked.
 * Outside the mask the picture stays. Nothing of the prompt is shown.
 */
export function paintPlaceholder(picture: Rgb, mask: Mask, word: string, variant = 0): Rgb {
  const box = boxOf(mask) ?? { left: 0, top: 0, width: picture.width, height: picture.height };
  const card = { ...picture, data: new Uint8Array(picture.data) };
  const tint = tints[variant % tints.length] ?? ink;
  const stripePx = Math.max(2, Math.round(Math.min(box.width, box.height) * stripeFraction));
  forEachPixel(box, (x, y) => {
    if (mask.data[y * mask.width + x] === 0) return;
    const shade = Math.floor((x + y) / stripePx) % 2 === 0 ? 1 : stripeShade;
    paint(card, x, y, [tint[0] * shade, tint[1] * shade, tint[2] * shade]);
  });
  const lines = ['PLACEHOLDER', word.toUpperCase(), String(variant + 1)];
  const label = labelBox(mask, box, labelShape(lines)) ?? box;
  forEachInkPixel(lines, label, (x, y) => {
    if (mask.data[y * mask.width + x] !== 0) paint(card, x, y, ink);
  });
  return card;
}

/** A whole picture of that kind. */
export function placeholderPicture(size: Size, word: string, variant = 0): Rgb {
  const { width, height } = size;
  const blank: Rgb = { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
  const everything: Mask = { width, height, channels: 1, data: new Uint8Array(width * height).fill(255) };
  return paintPlaceholder(blank, everything, word, variant);
}

/** The smallest box around what is masked. */
export function boxOf({ width, height, data }: Mask): Box | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  forEachPixel({ left: 0, top: 0, width, height }, (x, y) => {
    if (data[y * width + x] === 0) return;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  });
  return bottom === 0 ? undefined : { left, top, width: right - left, height: bottom - top };
}

const advance = glyphWidth + 1;

/** Pixels of the font that the lines take with their margin. */
function labelShape(lines: readonly string[]): Size {
  return {
    width: Math.max(...lines.map((line) => line.length)) * advance - 1 + margin * 2,
    height: lines.length * (glyphHeight + lineGap) - lineGap + margin * 2,
  };
}

/** The lines centred in the box, as large as whole font pixels allow. */
function forEachInkPixel(lines: readonly string[], box: Box, visit: (x: number, y: number) => void): void {
  const shape = labelShape(lines);
  const dot = Math.max(1, Math.floor(Math.min(box.width / shape.width, box.height / shape.height)));
  const top = box.top + Math.floor((box.height - (shape.height - margin * 2) * dot) / 2);
  lines.forEach((line, row) => {
    const left = box.left + Math.floor((box.width - (line.length * advance - 1) * dot) / 2);
    [...line].forEach((letter, column) => {
      (glyphs[letter] ?? []).forEach((bits, glyphRow) => {
        for (let bit = 0; bit < glyphWidth; bit++) {
          if (((bits >> (glyphWidth - 1 - bit)) & 1) === 0) continue;
          const dotBox = {
            left: left + (column * advance + bit) * dot,
            top: top + (row * (glyphHeight + lineGap) + glyphRow) * dot,
            width: dot,
            height: dot,
          };
          forEachPixel(dotBox, (x, y) => isInside(box, x, y) && visit(x, y));
        }
      });
    });
  });
}

function isInside(box: Box, x: number, y: number): boolean {
  return x >= box.left && y >= box.top && x < box.left + box.width && y < box.top + box.height;
}

function forEachPixel(box: Box, visit: (x: number, y: number) => void): void {
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) visit(x, y);
  }
}

function paint({ width, data }: Rgb, x: number, y: number, colour: Colour): void {
  data.set(colour, (y * width + x) * 3);
}
