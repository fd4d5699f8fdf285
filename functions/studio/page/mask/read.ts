import { type TileMask, writeRow } from './tiles.ts';

/** 4 bytes a pixel: red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export interface ReadMask {
  /** Bytes of a mask of the whole size, row by row. */
  readonly rows: (y: number, row: Uint8Array) => void;
  /** The mask was taken from the alpha channel: its colours say nothing. */
  readonly isAlpha: boolean;
  /** Share of white, 0..1: above a half, the mask is perhaps inverted. */
  readonly coverage: number;
}

/**
 * Which channel of a picture is the mask: the grey level, or alpha where all opaque pixels have one colour.
 */
export function readMask({ width, height, data }: Pixels): ReadMask {
  const isAlpha = !isOpaque(data) && hasOneColour(data);
  const levelAt = isAlpha ? (at: number) => data[at + 3] ?? 0 : (at: number) => greyOf(data, at);
  let edited = 0;
  for (let at = 0; at < data.length; at += 4) if (levelAt(at) > 127) edited++;
  const rows = (y: number, row: Uint8Array) => {
    for (let x = 0; x < width; x++) row[x] = levelAt((y * width + x) * 4);
  };
  return { rows, isAlpha, coverage: edited / (width * height) };
}

/** Luma of BT.601; grey stays as it is. */
function greyOf(data: Uint8ClampedArray, at: number): number {
  const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
  if (red === green && green === blue) return red;
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

function isOpaque(data: Uint8ClampedArray): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}

function hasOneColour(data: Uint8ClampedArray): boolean {
  let first = -1;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 0) continue;
    const colour = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    if (first === -1) first = colour;
    else if (colour !== first) return false;
  }
  return true;
}

/** Takes over what was read, as a step. */
export function takeOver(mask: TileMask, { rows }: ReadMask): void {
  const row = new Uint8Array(mask.width);
  for (let y = 0; y < mask.height; y++) {
    rows(y, row);
    writeRow(mask, y, row);
  }
}
