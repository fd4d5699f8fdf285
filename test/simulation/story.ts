import type { Draw } from '../fuzz/draw.ts';

/** What one world is like: its settings, what its users do, and which faults it has. */
export interface Story {
  readonly maxModelCalls: number;
  readonly maxAttempts: number;
  /** Calls that the cap of a day has room for; `undefined`: no cap. */
  readonly capCalls: number | undefined;
  readonly hasQueue: boolean;
  /** A topic is told of every end. */
  readonly hasTopic: boolean;
  /** On Cloud Run, where nothing goes on after an answer. */
  readonly isDeployed: boolean;
  readonly actions: readonly Action[];
  readonly lostEvents: number;
  readonly repeatedEvents: number;
  readonly lateEvents: number;
  /** Share of the calls of the world that go wrong, by kind. */
  readonly faults: Readonly<Record<'storage' | 'queue' | 'model' | 'topic', number>>;
  /** Share of the answers that are refusals. */
  readonly refusals: number;
  /** Chances at each step. */
  readonly crashes: number;
  readonly freezes: number;
  readonly terminations: number;
  readonly leaps: number;
  readonly sweeps: number;
  /** A picture is there that kills its process. */
  readonly hasPoison: boolean;
}

export type Action =
  | { readonly kind: 'write'; readonly name: string; readonly text: string }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'create'; readonly key: string; readonly image: string; readonly mask: string }
  | { readonly kind: 'cancel' }
  /** Failed jobs are asked for again. */
  | { readonly kind: 'again' };

export function storyOf(draw: Draw): Story {
  // Not every fault in every world: many faults at once keep each other from getting far.
  const some = (share: number) => (draw.chance(0.5) ? share : 0);
  const hasPoison = draw.chance(0.1);
  return {
    maxModelCalls: draw.oneOf([1, 2, 3, 3, 4]),
    maxAttempts: 2 + draw.below(3),
    capCalls: draw.chance(0.3) ? 1 + draw.below(5) : undefined,
    hasQueue: draw.chance(0.5),
    hasTopic: draw.chance(0.5),
    isDeployed: draw.chance(0.5),
    actions: actionsOf(draw, hasPoison),
    ...{ lostEvents: some(0.15), repeatedEvents: some(0.4), lateEvents: some(0.2) },
    faults: { storage: some(0.04), queue: some(0.2), model: some(0.2), topic: some(0.2) },
    refusals: some(0.4),
    ...{ crashes: some(0.015), freezes: some(0.015), terminations: some(0.005) },
    ...{ leaps: some(0.01), sweeps: some(0.02) },
    hasPoison,
  };
}

function actionsOf(draw: Draw, hasPoison: boolean): readonly Action[] {
  let version = 0;
  const picture = () => {
    version++;
    if (hasPoison && version === 1) return `poison ${version}`;
    if (draw.chance(0.08)) return `bomb ${version}`;
    return draw.chance(0.25) ? `photo ${version} with ${2 + draw.below(2)} regions` : `photo ${version}`;
  };
  const stems = draw.chance(0.4) ? ['d/p', 'd/q'] : ['d/p'];
  const file = (stem: string, kind: number): Action => {
    if (kind === 0) return { kind: 'write', name: `${stem}.jpg`, text: picture() };
    if (kind === 1) return { kind: 'write', name: `${stem}.mask.png`, text: `mask ${++version}` };
    const text = draw.chance(0.8) ? `{"featherPx": ${++version % 9}}` : '{"colour": 1}';
    return { kind: 'write', name: `${stem}.json`, text };
  };
  const actions: Action[] = [];
  for (const stem of stems) {
    const kinds = draw.chance(0.2) ? [2, 0, 1] : draw.chance(0.5) ? [0, 1] : [1, 0];
    actions.push(...kinds.map((kind) => file(stem, kind)));
  }
  const more = draw.below(4);
  for (let n = 0; n < more; n++) {
    const stem = draw.oneOf(stems);
    const what = draw.share();
    if (what < 0.45) actions.push(file(stem, draw.below(3)));
    else if (what < 0.55)
      actions.push({ kind: 'delete', name: `${stem}.${draw.oneOf(['jpg', 'mask.png', 'json'])}` });
    else if (what < 0.7) actions.push({ kind: 'cancel' });
    else if (what < 0.85) actions.push({ kind: 'again' });
    else {
      const order = { image: picture(), mask: `mask ${++version}` };
      const create = { kind: 'create', key: `key-${n}`, ...order } as const;
      actions.push(create);
      // An impatient caller sends it twice.
      if (draw.chance(0.4)) actions.push(create);
    }
  }
  return actions;
}
