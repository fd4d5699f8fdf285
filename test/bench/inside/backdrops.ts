import type { Raster, Size } from '../../../lib/pixels/raster.ts';
import { random } from '../../support/pictures.ts';
import { fractal, scenery } from '../../support/scenery.ts';

export type Colour = readonly [number, number, number];

/**
 * What a backdrop is made of. The same choice gives the same picture; another `grain` repeats it elsewhere.
 */
export interface BackdropChoice {
  readonly kind: BackdropKind;
  readonly seed: number;
  readonly grain: number;
}

type Paint = (x: number, y: number) => Colour;

const mix = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];
const lit = (colour: Colour, factor: number): Colour => [
  colour[0] * factor,
  colour[1] * factor,
  colour[2] * factor,
];

/** Each makes a painter in pixels of the picture from a stream of numbers and an offset of its texture. */
const painters = {
  studio: (next, { width, height }) => {
    const tone = 200 + 55 * next();
    return (x, y) => {
      const away = Math.hypot(x / width - 0.5, y / height - 0.5);
      return lit([tone, tone, tone], 1 - 0.12 * away);
    };
  },
  sky: (next, { height }) => {
    const [above, below]: Colour[] = [
      [70 + 60 * next(), 120 + 40 * next(), 190 + 30 * next()],
      [190 + 40 * next(), 205 + 30 * next(), 225],
    ];
    return (_, y) => mix(above!, below!, y / height);
  },
  night: (next, { height }, grain) => {
    const glow = 20 + 30 * next();
    return (x, y) => {
      const level = 8 + glow * (y / height) ** 2 + 10 * fractal(x / 60 + grain, y / 60, 3);
      return [level, level, level * 1.3];
    };
  },
  room: (next, { height }, grain) => {
    const edge = height * (0.55 + 0.25 * next());
    const wall: Colour = [190 + 40 * next(), 180 + 40 * next(), 160 + 40 * next()];
    const floor: Colour = [120 + 40 * next(), 85 + 30 * next(), 60 + 20 * next()];
    return (x, y) => {
      if (y < edge - 8) return lit(wall, 0.97 + 0.06 * fractal(x / 90 + grain, y / 90, 3));
      if (y < edge) return [235, 233, 228];
      return lit(floor, 0.75 + 0.5 * fractal(x / 80 + grain, y / 5, 3));
    };
  },
  bricks: (next, _, grain) => {
    const [wide, high] = [36 + 20 * next(), 14 + 8 * next()];
    const brick: Colour = [150 + 40 * next(), 80 + 30 * next(), 60 + 30 * next()];
    return (x, y) => {
      const row = Math.floor(y / high);
      const along = x / wide + (row % 2) / 2;
      const isJoint = y - row * high < 2 || (along - Math.floor(along)) * wide < 2;
      if (isJoint) return [196, 190, 180];
      return lit(brick, 0.75 + 0.5 * fractal(Math.floor(along) * 7 + x / 30, row * 5 + y / 30 + grain, 3));
    };
  },
  foliage: (next, _, grain) => {
    const leaf: Colour = [80 + 50 * next(), 120 + 50 * next(), 50 + 30 * next()];
    const sizePx = 14 + 20 * next();
    return (x, y) => {
      const share = Math.min(1, Math.max(0, (fractal(x / sizePx + grain, y / sizePx, 4) - 0.3) * 2.5));
      return mix([25, 40, 22], leaf, share);
    };
  },
  water: (next, _, grain) => {
    const deep: Colour = [20 + 30 * next(), 70 + 30 * next(), 100 + 40 * next()];
    return (x, y) => {
      const wave = fractal(x / 40 + grain, y / 9, 4);
      return mix(deep, [190, 215, 225], Math.max(0, wave - 0.35) * 1.3);
    };
  },
  sand: (next, _, grain) => {
    const tone: Colour = [200 + 20 * next(), 180 + 20 * next(), 140 + 20 * next()];
    return (x, y) => lit(tone, 0.85 + 0.3 * fractal(x / 4 + grain, y / 4, 3));
  },
} as const satisfies Readonly<Record<string, (next: () => number, size: Size, grain: number) => Paint>>;

type BackdropKind = keyof typeof painters | 'scenery';
export const backdropKinds: readonly BackdropKind[] = [
  ...(Object.keys(painters) as (keyof typeof painters)[]),
  'scenery',
];
/** Where another draw of the same texture is as true as the first. */
export const isTexture = (kind: BackdropKind): boolean =>
  ['foliage', 'water', 'sand', 'night'].includes(kind);

/** Where a picture that was moved or turned is another picture. */
export const hasLandmarks = (kind: BackdropKind): boolean => ['scenery', 'room', 'bricks'].includes(kind);

/** H x W x 3, 8 bit, with the noise of a camera. */
export function backdrop({ kind, seed, grain }: BackdropChoice, size: Size): Raster {
  const next = random(seed);
  const { width, height } = size;
  const noise = random(seed + 1 + grain);
  const whole = kind === 'scenery' ? scenery(size) : undefined;
  const paint = kind === 'scenery' ? undefined : painters[kind](next, size, (seed % 997) + 50 * grain);
  const grainLevels = 1 + 5 * next();
  const data = new Uint8Array(width * height * 3);
  for (let p = 0; p < width * height; p++) {
    const colour = paint?.(p % width, Math.floor(p / width));
    for (let c = 0; c < 3; c++) {
      const level = colour?.[c] ?? whole!.data[p * 3 + c]!;
      data[p * 3 + c] = clamped(level + grainLevels * (noise() + noise() - 1));
    }
  }
  return { width, height, channels: 3, data };
}

export const clamped = (level: number): number => Math.min(255, Math.max(0, Math.round(level)));
