import { endStep, fullTile, type Tile, type TileMask, tilePx } from './tiles.ts';

type Step = ReadonlyMap<number, Tile | undefined>;

interface HistoryLimits {
  /** Bytes of tiles that only the history holds. */
  readonly maxBytes: number;
  readonly maxSteps: number;
}

/** Undo and redo. Steps hold the tiles they changed; the oldest are dropped when there are too many. */
export interface History {
  readonly undo: Step[];
  readonly redo: Step[];
  readonly limits: HistoryLimits;
}

const usualLimits: HistoryLimits = { maxBytes: 64 * 1024 * 1024, maxSteps: 200 };

export const emptyHistory = (limits = usualLimits): History => ({ undo: [], redo: [], limits });

const bytesOf = (step: Step) =>
  [...step.values()].filter((tile) => tile !== undefined && tile !== fullTile).length * tilePx * tilePx;

export const historyBytes = ({ undo, redo }: History): number =>
  [...undo, ...redo].reduce((sum, step) => sum + bytesOf(step), 0);

/** Ends the running step and keeps it for undo. @returns whether it changed anything. */
export function keepStep(history: History, mask: TileMask): boolean {
  const step = endStep(mask);
  if (step.size === 0) return false;
  history.redo.length = 0;
  history.undo.push(step);
  let bytes = historyBytes(history);
  while (bytes > history.limits.maxBytes || history.undo.length > history.limits.maxSteps) {
    const oldest = history.undo.shift();
    if (oldest === undefined) break;
    bytes -= bytesOf(oldest);
  }
  return true;
}

/** Puts the tiles of a step back. @returns those that were there. */
function swap(mask: TileMask, step: Step): Step {
  const former = new Map([...step.keys()].map((index) => [index, mask.tiles[index]]));
  for (const [index, tile] of step) mask.tiles[index] = tile;
  return former;
}

function move(mask: TileMask, from: Step[], to: Step[]): boolean {
  const step = from.pop();
  if (step === undefined) return false;
  to.push(swap(mask, step));
  return true;
}

/** @returns false where there is nothing to undo. */
export const undo = ({ undo: past, redo: future }: History, mask: TileMask) => move(mask, past, future);

/** @returns false where there is nothing to redo. */
export const redo = ({ undo: past, redo: future }: History, mask: TileMask) => move(mask, future, past);
