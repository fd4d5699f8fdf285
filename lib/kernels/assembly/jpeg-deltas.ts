import { forwardDct, zigzag } from './dct';

// The differences of one component in a rectangle of blocks, in words. Boxes are in samples of the component.
const fromAt: usize = 0;
const toAt: usize = 4;
const channelsAt: usize = 8;
/** The box of pixels, and which of its rows `from` and `to` hold first. */
const leftAt: usize = 12;
const topAt: usize = 16;
const widthAt: usize = 20;
const heightAt: usize = 24;
const firstRowAt: usize = 28;
/** Samples of the component that show. */
const lastColumnAt: usize = 32;
const lastRowAt: usize = 36;
/** The rectangle of blocks, and its rows that are to be done. */
const blocksLeftAt: usize = 40;
const blocksTopAt: usize = 44;
const blocksWideAt: usize = 48;
const doneAt: usize = 52;
const endAt: usize = 56;
const deltasAt: usize = 60;
const touchedAt: usize = 64;
/** A plane of samples for the rectangle instead of pixels; 0 for none. */
const planeAt: usize = 68;
/** Weights of three channels, doubles. */
const weightsAt: usize = 72;
/** One by the quantisation steps, row by row, doubles. */
const inverseAt: usize = 96;
/** Room for two blocks of doubles. */
const scratchAt: usize = 608;

/**
 * Coefficient changes of rows of blocks: `round(FDCT(to - from) / q)`, ties away from 0.
 *
 * All 64 of a block are 0 where nothing differs in it. Samples beyond the picture's right and bottom edge
 * repeat the last one, as encoders do.
 */
export function blockDeltas(job: usize): void {
  const wide = load<u32>(job, blocksWideAt);
  const end = load<u32>(job, endAt);
  for (let y = load<u32>(job, doneAt); y < end; y++) {
    for (let x: u32 = 0; x < wide; x++) {
      const any = load<usize>(job, planeAt) !== 0 ? gatherPlane(job, x, y) : gatherPixels(job, x, y);
      if (!any) continue;
      const block: usize = y * wide + x;
      forwardDct(job + scratchAt, job + scratchAt + 512);
      const isTouched = quantise(job, load<usize>(job, deltasAt) + 128 * block);
      store<u8>(load<usize>(job, touchedAt) + block, isTouched ? 1 : 0);
    }
  }
}

/** Fills in the 64 differences of a block, column by column; false when all are 0. */
function gatherPixels(job: usize, blockX: u32, blockY: u32): bool {
  const x = <i32>((load<u32>(job, blocksLeftAt) + blockX) * 8) - load<i32>(job, leftAt);
  const y = <i32>((load<u32>(job, blocksTopAt) + blockY) * 8) - load<i32>(job, topAt);
  const isWithin = x >= 0 && y >= 0 && x + 8 <= load<i32>(job, widthAt) && y + 8 <= load<i32>(job, heightAt);
  if (isWithin && load<u32>(job, channelsAt) === 3) return gatherInside(job, x, y);
  const lastX = load<i32>(job, lastColumnAt) - load<i32>(job, leftAt);
  const lastY = load<i32>(job, lastRowAt) - load<i32>(job, topAt);
  let any: i32 = 0;
  for (let i = 0; i < 64; i++) {
    const column = min<i32>(x + (i & 7), lastX);
    const row = min<i32>(y + (i >> 3), lastY);
    any |= gatherPixel(job, column, row, job + scratchAt + 8 * (((i & 7) << 3) | (i >> 3)));
  }
  return any !== 0;
}

/** The same for a block that the pixels of three channels hold as a whole. */
function gatherInside(job: usize, x: i32, y: i32): bool {
  let any: i32 = 0;
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++)
      any |= gatherColour(job, x + column, y + row, job + scratchAt + 8 * (8 * column + row));
  }
  return any !== 0;
}

function gatherPixel(job: usize, column: i32, row: i32, into: usize): i32 {
  const isOutside =
    column < 0 || row < 0 || column >= load<i32>(job, widthAt) || row >= load<i32>(job, heightAt);
  if (isOutside) {
    store<f64>(into, 0);
    return 0;
  }
  if (load<u32>(job, channelsAt) === 3) return gatherColour(job, column, row, into);
  const at: usize = (row - load<i32>(job, firstRowAt)) * load<i32>(job, widthAt) + column;
  const level = <i32>load<u8>(load<usize>(job, toAt) + at) - <i32>load<u8>(load<usize>(job, fromAt) + at);
  store<f64>(into, load<f64>(job, weightsAt) * level);
  return level;
}

function gatherColour(job: usize, column: i32, row: i32, into: usize): i32 {
  const at: usize = 3 * ((row - load<i32>(job, firstRowAt)) * load<i32>(job, widthAt) + column);
  const from = load<usize>(job, fromAt) + at;
  const to = load<usize>(job, toAt) + at;
  const r = <i32>load<u8>(to) - <i32>load<u8>(from);
  const g = <i32>load<u8>(to, 1) - <i32>load<u8>(from, 1);
  const b = <i32>load<u8>(to, 2) - <i32>load<u8>(from, 2);
  const ofColour = load<f64>(job, weightsAt) * r + load<f64>(job, weightsAt + 8) * g;
  store<f64>(into, ofColour + load<f64>(job, weightsAt + 16) * b);
  return r | g | b;
}

function gatherPlane(job: usize, blockX: u32, blockY: u32): bool {
  const width = 8 * load<u32>(job, blocksWideAt);
  const lastX = load<u32>(job, lastColumnAt) - 8 * load<u32>(job, blocksLeftAt);
  const lastY = load<u32>(job, lastRowAt) - 8 * load<u32>(job, blocksTopAt);
  let any = false;
  for (let row: u32 = 0; row < 8; row++) {
    const line = load<usize>(job, planeAt) + 4 * min<u32>(8 * blockY + row, lastY) * width;
    for (let column: u32 = 0; column < 8; column++) {
      const value = load<f32>(line + 4 * min<u32>(8 * blockX + column, lastX));
      store<f64>(job + scratchAt + 8 * (8 * column + row), value);
      any = any || value !== 0;
    }
  }
  return any;
}

/** Rounds 64 frequencies to quantisation steps, in zigzag order; false when all are 0. */
function quantise(job: usize, into: usize): bool {
  const exact = job + scratchAt + 512;
  let any = v128.splat<i32>(0);
  for (let i: usize = 0; i < 512; i += 16) {
    const steps = v128.mul<f64>(v128.load(exact + i), v128.load(job + inverseAt + i));
    v128.store(exact + i, steps);
    any = v128.or(any, v128.ge<f64>(v128.abs<f64>(steps), v128.splat<f64>(0.5)));
  }
  if (!v128.any_true(any)) return false;
  for (let k: usize = 0; k < 64; k++) {
    const steps = load<f64>(exact + 8 * <usize>load<u8>(zigzag + k));
    if (steps > -0.5 && steps < 0.5) continue;
    // Far inside 16 bits: a difference is at most 255 levels, refined at most four times that, and the
    // transform gains 8.
    store<i16>(into + 2 * k, <i16>(<i32>(steps < 0 ? steps - 0.5 : steps + 0.5)));
  }
  return true;
}

/**
 * Adds the differences of rows of pixels to the samples they belong to, for three channels.
 *
 * @param from address of `rows` x `width` x 3 bytes, like `to`.
 * @param left the first column of the pixels, and `firstSample` the first of the sums, in the picture.
 * @param pixelsAcross pixels to a sample, 1 to 4.
 * @param sums address of the row of sums: whole numbers, all red, behind `planeBytes` all green, then all
 *   blue.
 */
export function addDifferences(
  from: usize,
  to: usize,
  width: u32,
  left: u32,
  firstSample: u32,
  pixelsAcross: u32,
  sums: usize,
  planeBytes: usize,
): void {
  for (let x: u32 = 0; x < width; ) {
    const sample = (left + x) / pixelsAcross;
    const end = min<u32>(width, (sample + 1) * pixelsAcross - left);
    let r: i32 = 0;
    let g: i32 = 0;
    let b: i32 = 0;
    for (; x < end; x++) {
      r += <i32>load<u8>(to + 3 * x) - <i32>load<u8>(from + 3 * x);
      g += <i32>load<u8>(to + 3 * x, 1) - <i32>load<u8>(from + 3 * x, 1);
      b += <i32>load<u8>(to + 3 * x, 2) - <i32>load<u8>(from + 3 * x, 2);
    }
    if ((r | g | b) === 0) continue;
    const at = sums + 4 * (sample - firstSample);
    store<i32>(at, load<i32>(at) + r);
    store<i32>(at + planeBytes, load<i32>(at + planeBytes) + g);
    store<i32>(at + 2 * planeBytes, load<i32>(at + 2 * planeBytes) + b);
  }
}

/**
 * Weighs a row of sums: `(red r + green g + blue b) * share * shares[x]`, rounded to a float.
 *
 * @param sums as in `addDifferences`. @param weights address of 3 doubles. @param shares address of `width`
 *   doubles.
 * @param into address of `width` floats.
 */
export function weighSums(
  sums: usize,
  planeBytes: usize,
  weights: usize,
  shares: usize,
  share: f64,
  width: u32,
  into: usize,
): void {
  const red = load<f64>(weights);
  const green = load<f64>(weights, 8);
  const blue = load<f64>(weights, 16);
  for (let x: usize = 0; x < width; x++) {
    const at = sums + 4 * x;
    const ofColour = red * load<i32>(at) + green * load<i32>(at + planeBytes);
    const sum = ofColour + blue * load<i32>(at + 2 * planeBytes);
    store<f32>(into + 4 * x, <f32>(sum * share * load<f64>(shares + 8 * x)));
  }
}

/**
 * Filters with `[1/8, 3/4, 1/8]` along lines of samples `stride` apart, `span` from line to line; 0 beyond
 * the ends.
 *
 * @param from address of `length` floats, like `into`; another one.
 */
export function smooth(from: usize, into: usize, stride: u32, span: u32, length: u32): void {
  for (let line: u32 = 0; line < length; line += span) {
    for (let i = line; i < line + span; i++) {
      const at = from + 4 * i;
      const before: f64 = i >= line + stride ? load<f32>(at - 4 * stride) : 0;
      const after: f64 = i + stride < line + span ? load<f32>(at + 4 * stride) : 0;
      store<f32>(into + 4 * i, <f32>(0.75 * <f64>load<f32>(at) + 0.125 * (before + after)));
    }
  }
}

/**
 * One Richardson step: `plane += mean - decoded`, where the mean is not 0. @param length counted in floats.
 */
export function refinePlane(plane: usize, mean: usize, decoded: usize, length: u32): void {
  for (let i: usize = 0; i < 4 * length; i += 4) {
    const wanted: f64 = load<f32>(mean + i);
    if (wanted === 0) continue;
    store<f32>(plane + i, <f32>(<f64>load<f32>(plane + i) + (wanted - <f64>load<f32>(decoded + i))));
  }
}
