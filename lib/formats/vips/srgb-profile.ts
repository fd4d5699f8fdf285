/**
 * True for an ICC profile with the numbers of sRGB. Its name does not count: "Linear sRGB" is not sRGB, and
 * others do not mention it. A false "no" costs one exact conversion; a false "yes" gives a picture far too
 * light or dark.
 *
 * @see ICC.1:2022, 8.4.3 "Three-component matrix-based display profiles" and 10.6, 10.18 for the curves.
 */
export function isSrgb(icc: Uint8Array): boolean {
  const file = Buffer.from(icc.buffer, icc.byteOffset, icc.length);
  try {
    return hasSrgbNumbers(file);
  } catch (error) {
    // The profile is truncated.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The primaries of sRGB, adapted to D50. */
const colorants = {
  rXYZ: [0.4361, 0.2225, 0.0139],
  gXYZ: [0.3851, 0.7169, 0.0971],
  bXYZ: [0.1431, 0.0606, 0.7141],
} as const;
/** sRGB profiles in use differ by up to 0.0005. */
const colorantTolerance = 0.002;

/** Where curves are compared: a power of 2.2 differs by 0.003 in the darks, 0.009 in the lights. */
const probes = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9];
/** In linear light: less than a level of 8 bit except in the deepest shadows. */
const curveTolerance = 0.002;

function hasSrgbNumbers(file: Buffer): boolean {
  if (file.toString('latin1', 16, 24) !== 'RGB XYZ ') return false;
  const tags = tagsOf(file);
  // A table takes precedence over the matrix.
  if (tags.has('A2B0') || tags.has('A2B1')) return false;
  const hasColorants = Object.entries(colorants).every(([name, expected]) => {
    const data = tags.get(name);
    return data !== undefined && expected.every((value, i) => isNear(fixed(data, 8 + 4 * i), value));
  });
  return hasColorants && ['rTRC', 'gTRC', 'bTRC'].every((name) => isSrgbCurve(tags.get(name)));
}

const isNear = (a: number, b: number) => Math.abs(a - b) <= colorantTolerance;

function tagsOf(file: Buffer): Map<string, Buffer> {
  const tags = new Map<string, Buffer>();
  const count = file.readUInt32BE(128);
  for (let at = 132; at < 132 + 12 * count; at += 12) {
    const from = file.readUInt32BE(at + 4);
    const to = from + file.readUInt32BE(at + 8);
    if (to <= file.length) tags.set(file.toString('latin1', at, at + 4), file.subarray(from, to));
  }
  return tags;
}

function isSrgbCurve(data: Buffer | undefined): boolean {
  if (data === undefined) return false;
  return probes.every((x) => Math.abs(curveAt(data, x) - srgbToLinear(x)) <= curveTolerance);
}

/** @see IEC 61966-2-1. */
function srgbToLinear(x: number): number {
  return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
}

/** The value of a curve at `x`, 0 to 1; NaN for an unknown type, which equals nothing. */
function curveAt(data: Buffer, x: number): number {
  const type = data.toString('latin1', 0, 4);
  if (type === 'curv') return sampledAt(data, x);
  return type === 'para' ? parametricAt(data, x) : Number.NaN;
}

/** No samples: identity. One: an exponent. More: a table. */
function sampledAt(data: Buffer, x: number): number {
  const count = data.readUInt32BE(8);
  if (count === 0) return x;
  if (count === 1) return x ** (data.readUInt16BE(12) / 256);
  const place = x * (count - 1);
  const below = Math.min(count - 2, Math.floor(place));
  const [from, to] = [data.readUInt16BE(12 + 2 * below), data.readUInt16BE(14 + 2 * below)];
  return (from + (to - from) * (place - below)) / 65535;
}

/** The parametric type of sRGB: (a x + b)^g from d on, c x below. Other types are converted exactly. */
const srgbKind = 3;

function parametricAt(data: Buffer, x: number): number {
  if (data.readUInt16BE(8) !== srgbKind) return Number.NaN;
  const [g, a, b, c, d] = [
    fixed(data, 12),
    fixed(data, 16),
    fixed(data, 20),
    fixed(data, 24),
    fixed(data, 28),
  ];
  return x >= d ? (a * x + b) ** g : c * x;
}

/** s15Fixed16. */
function fixed(data: Buffer, at: number): number {
  return data.readInt32BE(at) / 65536;
}
