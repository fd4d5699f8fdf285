/** The size of the sample picture, pixels. */
export const sampleSize = { width: 1800, height: 1200 };
const horizon = 470;
const shore = 640;
/** Centre and radius of the ball, px. */
export const sampleBall = { x: 1130, y: 850, radius: 105 };
const ball = sampleBall;

type Colour = readonly [number, number, number];

/**
 * A beach with a ball on it, computed, so that nobody's photo is shipped.
 *
 * @returns red, green and blue of a pixel, 0..255; not rounded, and perhaps a little outside.
 */
export const sampleColour = (x: number, y: number): Colour => ballAt(x, y) ?? shaded(groundAt(x, y), x, y);

function groundAt(x: number, y: number): Colour {
  const grain = (noise(x, y, 1) - 0.5) * 8;
  if (y < horizon) return plus(skyAt(x, y), grain * 0.5);
  if (y < shore + 14 * Math.sin(x / 190) + 10 * fractal(x, 7, 90)) return plus(seaAt(x, y), grain);
  return plus(sandAt(x, y), grain * 2.4);
}

function skyAt(x: number, y: number): Colour {
  const t = y / horizon;
  const cloud = smooth((fractal(x, y * 2.4, 260) - 0.5) * 4) * (0.35 + 0.5 * t);
  return mix(mix([88, 142, 205], [196, 214, 226], t), [246, 244, 240], cloud);
}

function seaAt(x: number, y: number): Colour {
  const depth = (y - horizon) / (shore - horizon);
  // Waves look longer the nearer they are.
  const wave = fractal(x / (1 + 2 * depth), y * (3.2 - 1.8 * depth), 46);
  const foam = smooth((wave - 0.62) * 7) * depth;
  return mix(
    mix(mix([38, 88, 122], [92, 150, 158], depth), [24, 66, 100], wave * 0.7),
    [232, 238, 236],
    foam,
  );
}

function sandAt(x: number, y: number): Colour {
  const wet = smooth(1 - (y - shore) / 110);
  const ripple = fractal(x, y * 2.2, 70);
  const pebble = noise(Math.floor(x / 5), Math.floor(y / 4), 5) > 0.985 ? -38 : 0;
  return plus(mix(mix([216, 190, 150], [190, 160, 120], ripple), [138, 116, 92], wet * 0.8), pebble);
}

/** The ball: six panels and a highlight; `undefined` beside it. */
function ballAt(x: number, y: number): Colour | undefined {
  const u = (x - ball.x) / ball.radius;
  const v = (y - ball.y) / ball.radius;
  const r2 = u * u + v * v;
  if (r2 > 1) return undefined;
  const z = Math.sqrt(1 - r2);
  const panel = Math.floor(((Math.atan2(v + 0.25, u * 0.9 + z * 0.35) + Math.PI) / Math.PI) * 3);
  const panels: readonly Colour[] = [
    [214, 44, 46],
    [246, 244, 240],
    [36, 92, 176],
    [246, 244, 240],
    [244, 190, 40],
    [246, 244, 240],
  ];
  const light = 0.42 + 0.62 * Math.max(0, -0.45 * u - 0.6 * v + 0.66 * z);
  const gloss = Math.max(0, -0.5 * u - 0.62 * v + 0.6 * z) ** 24 * 120;
  return plus(times(panels[panel % 6]!, light), gloss);
}

function shaded(colour: Colour, x: number, y: number): Colour {
  return times(colour, 1 - 0.55 * shadow(x, y));
}

function shadow(x: number, y: number): number {
  const u = (x - ball.x - 70) / (ball.radius * 1.5);
  const v = (y - ball.y - ball.radius * 0.86) / (ball.radius * 0.3);
  return smooth((1 - Math.hypot(u, v)) * 2.2);
}

/** Value noise at several scales, 0..1. */
function fractal(x: number, y: number, period: number): number {
  let sum = 0;
  let weight = 0.5;
  for (let octave = 0; octave < 4; octave++) {
    const scale = 2 ** octave / period;
    sum += weight * smoothNoise(x * scale, y * scale, octave);
    weight /= 2;
  }
  return sum / 0.9375;
}

function smoothNoise(x: number, y: number, seed: number): number {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(x - i), smooth(y - j)];
  const top = noise(i, j, seed) * (1 - u) + noise(i + 1, j, seed) * u;
  const bottom = noise(i, j + 1, seed) * (1 - u) + noise(i + 1, j + 1, seed) * u;
  return top * (1 - v) + bottom * v;
}

/** A hash of whole coordinates, 0..1. */
function noise(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0xffffffff;
}

function smooth(t: number): number {
  const x = Math.min(1, Math.max(0, t));
  return x * x * (3 - 2 * x);
}

function mix(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function plus([r, g, b]: Colour, level: number): Colour {
  return [r + level, g + level, b + level];
}

function times([r, g, b]: Colour, factor: number): Colour {
  return [r * factor, g * factor, b * factor];
}
