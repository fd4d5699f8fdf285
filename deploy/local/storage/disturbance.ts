import type { Clock } from '../clock.ts';

/** What may go wrong with events on their way, on demand; the same seed gives the same trouble. */
export interface Disturbance {
  /** Copies of each event beside the first, each with an id of its own. */
  readonly duplicates?: number;
  /** Each event and copy is held for 0 to this long. */
  readonly maxDelayMs?: number;
  /** Events are held until this many are there, then released shuffled. */
  readonly reorder?: number;
  /** The probability that an event, with its copies, is lost for good. */
  readonly drop?: number;
  readonly seed?: number;
}

/** An incomplete group to reorder is released after this long. */
const MAX_HOLD_MS = 1_000;

export interface DisturbedPath<T> {
  pass(item: T): void;
  set(settings: Disturbance): void;
}

export interface PathEnds<T> {
  readonly deliver: (item: T) => void;
  readonly copy: (item: T) => T;
  readonly drop: (item: T) => void;
}

export function disturbance<T>(clock: Clock, ends: PathEnds<T>): DisturbedPath<T> {
  let settings: Disturbance = {};
  let random = seededRandom(1);
  let held: T[] = [];
  let cancelRelease = (): void => {};

  const deliver = (item: T): void => {
    if (settings.maxDelayMs === undefined) ends.deliver(item);
    else clock.after(random() * settings.maxDelayMs, () => ends.deliver(item));
  };
  const release = (): void => {
    cancelRelease();
    const items = held;
    held = [];
    for (const item of shuffled(items, random)) deliver(item);
  };
  return {
    set: (next) => {
      settings = next;
      random = seededRandom(next.seed ?? 1);
      release();
    },
    pass: (item) => {
      const { duplicates = 0, reorder = 1, drop = 0 } = settings;
      if (drop > 0 && random() < drop) {
        ends.drop(item);
        return;
      }
      held.push(item);
      for (let i = 0; i < duplicates; i++) held.push(ends.copy(item));
      if (held.length >= reorder) release();
      else if (held.length <= 1 + duplicates) cancelRelease = clock.after(MAX_HOLD_MS, release);
    },
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

/** @see Tommy Ettinger's mulberry32: 32 bits of state, enough for a test's dice. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
