import { patchmatchRemoval } from '../../../deploy/local/model/painting.ts';
import type { Rgb } from '../../../deploy/local/model/pixels.ts';
import type { InpaintMode } from '../../../lib/engines/engine.ts';
import { blur } from '../../../lib/pixels/blur.ts';
import { boxOf } from '../../../lib/pixels/box.ts';
import { dilate } from '../../../lib/pixels/mask.ts';
import type { Mask, Raster } from '../../../lib/pixels/raster.ts';
import { resample } from '../../../lib/pixels/resample.ts';
import type { ReplyScene } from '../quality-scenes.ts';
import { contrastOf, type Thing, withThing } from './objects.ts';
import { makeScene, type Scene } from './scenes.ts';
import * as spoil from './spoil.ts';

/** What is sent, and what the model makes of it. */
export interface Question {
  readonly scene: string;
  readonly mode: InpaintMode;
  readonly photo: Raster;
  readonly mask: Mask;
  /** The picture the model has in mind, at the size of the photo; it is spoilt in the frame. */
  readonly wanted: Raster;
  readonly spoil: spoil.Spoil;
}

export interface Draw {
  readonly n: number;
  readonly seed: number;
  readonly next: () => number;
  readonly photos: Parameters<typeof makeScene>[0]['photos'];
  readonly replies: readonly ReplyScene[];
}

/** `other`: nobody can tell without the prompt; shown, not counted. */
export type Verdict = 'good' | 'bad' | 'other';

interface Asked {
  readonly count: number;
  /** Needs the photos with their learned answers. */
  readonly needsReplies?: boolean;
  readonly ask: (draw: Draw) => Question | Promise<Question>;
}

export interface AnswerKind extends Asked {
  readonly verdict: Verdict;
}

const removal = (scene: Scene, wanted: Raster, how: spoil.Spoil): Question => ({
  scene: scene.name,
  mode: 'removal',
  photo: scene.full,
  mask: scene.mask,
  wanted,
  spoil: how,
});
const insertion = (scene: Scene, wanted: Raster, how: spoil.Spoil): Question => ({
  ...removal(scene, wanted, how),
  mode: 'insertion',
  photo: scene.clean,
});

const asIs: spoil.Spoil = (picture) => picture;
const oneOf = <T>(list: readonly T[], { n }: Draw): T => list[Math.floor(n / 2) % list.length]!;

/** A thing that differs from the one that was to go. */
function otherThing({ otherThing: make, thing }: Scene, { seed }: Draw): Thing {
  for (let other = seed + 1; ; other++) {
    const made = make(other);
    if (contrastOf(made, thing.colours) > 25) return made;
  }
}

/** Which part of the thing is left: a half to three quarters from one side, or a ghost of it. */
function leftOver({ thing, full }: Scene, draw: Draw): (x: number, y: number) => number {
  const share = 0.5 + 0.25 * draw.next();
  const inside = Array.from(thing.cover.keys()).filter((p) => thing.cover[p]! > 0.5);
  const cutAt = (place: (p: number) => number, part: number) =>
    inside.map(place).sort((a, b) => a - b)[Math.floor(part * (inside.length - 1))]!;
  const [row, column] = [(p: number) => Math.floor(p / full.width), (p: number) => p % full.width];
  const [below, above, right] = [cutAt(row, share), cutAt(row, 1 - share), cutAt(column, share)];
  const ways = [
    (_: number, y: number) => Number(y < below),
    (x: number) => Number(x < right),
    () => share,
    (_: number, y: number) => Number(y > above),
  ];
  return oneOf(ways, draw);
}

/** A removal of a scene's thing: what the model has in mind, and one of the ways in which it spoils that. */
const removing =
  (wantedOf: (scene: Scene, draw: Draw) => Raster, ways: readonly spoil.Spoil[], kind: SceneKind = {}) =>
  (draw: Draw): Question => {
    const scene = makeScene({ ...draw, ...kind });
    return removal(scene, wantedOf(scene, draw), oneOf(ways, draw));
  };
const inserting =
  (wantedOf: (scene: Scene, draw: Draw) => Raster, ways: readonly spoil.Spoil[]) =>
  (draw: Draw): Question => {
    const scene = makeScene(draw);
    return insertion(scene, wantedOf(scene, draw), oneOf(ways, draw));
  };
type SceneKind = Pick<Parameters<typeof makeScene>[0], 'needsTexture' | 'needsLandmarks' | 'isSmall'>;

const clean = (scene: Scene) => scene.clean;
const full = (scene: Scene) => scene.full;
const withOther = (scene: Scene, draw: Draw) => withThing(scene.clean, otherThing(scene, draw));
const withPart = (scene: Scene, draw: Draw) => withThing(scene.clean, scene.thing, leftOver(scene, draw));
const landmarks = { needsLandmarks: true };
const { mild, medium, toned, nudged, softened, resized } = spoil;
const places = ['everywhere', 'in the mask'] as const;

const bad: Readonly<Record<string, Asked>> = {
  unchanged: { count: 36, ask: removing(full, [asIs, toned, nudged, softened, resized, mild, medium]) },
  'unchanged, for an insertion': { count: 12, ask: inserting(clean, [asIs, toned, nudged, mild]) },
  'other object': { count: 28, ask: removing(withOther, [mild]) },
  drifted: {
    count: 32,
    ask: removing(clean, [spoil.farShifted, spoil.farZoomed, spoil.farToned, spoil.turned], landmarks),
  },
  'half done': { count: 28, ask: removing(withPart, [mild]) },
  cut: { count: 24, ask: removing(clean, [spoil.letterboxed, spoil.cropped, spoil.endedEarly], landmarks) },
  'text only': { count: 20, ask: removing(clean, places.map(spoil.lettered)) },
  blank: { count: 20, ask: removing(clean, [...places.map(spoil.blank), ...places.map(spoil.transparent)]) },
};

const good: Readonly<Record<string, Asked>> = {
  'the true picture': { count: 40, ask: removing(clean, [asIs, mild]) },
  'the true picture, drifted as models do': {
    count: 40,
    ask: removing(clean, [medium, toned, nudged, softened, spoil.inTurn(mild, resized)]),
  },
  'a small thing in a wide mask': { count: 20, ask: removing(clean, [mild], { isSmall: true }) },
  'a texture painted anew': { count: 20, ask: removing(repainted, [mild], { needsTexture: true }) },
  'filled from the surroundings': {
    count: 20,
    ask: async (draw) => {
      const scene = makeScene(draw);
      const filled = await patchmatchRemoval(scene.full as Rgb, scene.mask, AbortSignal.timeout(60_000));
      return removal(scene, filled, mild);
    },
  },
  'answers of a learned model': {
    count: 20,
    needsReplies: true,
    ask: (draw) => {
      const { name, photo, mask, reply } = draw.replies[Math.floor(draw.n / 2) % draw.replies.length]!;
      const how = draw.n < draw.replies.length ? asIs : mild;
      const clean = { ...mask, data: Uint8Array.from(mask.data, (value) => (value > 127 ? 255 : 0)) };
      return { scene: name, mode: 'removal', photo, mask: clean, wanted: reply, spoil: how };
    },
  },
  'an insertion': { count: 40, ask: inserting(full, [mild, asIs, medium, softened]) },
};

const other: Readonly<Record<string, Asked>> = {
  'another plausible object, for an insertion': { count: 20, ask: inserting(withOther, [mild]) },
};

/** Everything a model may answer, by name. */
export const answerKinds: Readonly<Record<string, AnswerKind>> = Object.fromEntries(
  Object.entries({ bad, good, other } satisfies Record<Verdict, object>).flatMap(([verdict, kinds]) =>
    Object.entries(kinds).map(([name, kind]) => [name, { ...kind, verdict: verdict as Verdict }]),
  ),
);

/** Another draw of the same texture inside the mask, its edge mixed over some pixels. */
function repainted({ clean, redrawn, mask }: Scene): Raster {
  const soft = blur(
    resample({
      source: { ...dilate(mask, 4), channels: 1 },
      window: boxOf(mask),
      size: mask,
      kernel: 'area',
    }),
    2.5,
  );
  return spoil.mixedIn(clean, redrawn ?? clean, { ...mask, data: Uint8Array.from(soft.data, Math.round) });
}
