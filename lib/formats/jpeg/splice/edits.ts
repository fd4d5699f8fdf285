import type { JpegStructure } from '../scan/structure.ts';
import type { BlockDeltas } from './block-deltas.ts';

/** Blocks of one component that differ from the source. */
export interface TouchedComponent {
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** blocksHigh x blocksWide, 1 where touched. */
  readonly bitmap: Uint8Array;
  readonly count: number;
}

/** All changes of a splice, ready to be looked up in coding order. */
export interface CoefficientEdits {
  readonly touched: readonly TouchedComponent[];
  /** By MCU in coding order, 1 where any of its blocks is touched. */
  readonly mcus: Uint8Array;
  /** Adds up the changes of a block into `into`; false when it is untouched. */
  readonly deltaAt: (component: number, column: number, row: number, into: Int16Array) => boolean;
}

/** Patches that share a block were rounded one by one; their changes add up. */
export function collectEdits(structure: JpegStructure, deltas: readonly BlockDeltas[]): CoefficientEdits {
  const { components, mcusWide, mcusHigh } = structure;
  const touched = components.map(({ blocksWide, blocksHigh }) => new Uint8Array(blocksWide * blocksHigh));
  const mcus = new Uint8Array(mcusWide * mcusHigh);
  for (const patch of deltas) {
    const { h, v, blocksWide } = components[patch.component]!;
    for (let i = patch.touched.indexOf(1); i >= 0; i = patch.touched.indexOf(1, i + 1)) {
      const column = patch.left + (i % patch.blocksWide);
      const row = patch.top + Math.floor(i / patch.blocksWide);
      touched[patch.component]![row * blocksWide + column] = 1;
      mcus[Math.floor(row / v) * mcusWide + Math.floor(column / h)] = 1;
    }
  }
  const byComponent = components.map((_, index) => deltas.filter(({ component }) => component === index));
  return {
    touched: components.map(({ blocksWide, blocksHigh }, index) => {
      const bitmap = touched[index]!;
      return { blocksWide, blocksHigh, bitmap, count: countSet(bitmap) };
    }),
    mcus,
    deltaAt: (component, column, row, into) => {
      if (touched[component]![row * components[component]!.blocksWide + column] === 0) return false;
      into.fill(0);
      for (const patch of byComponent[component]!)
        addDelta(patch, column - patch.left, row - patch.top, into);
      return true;
    },
  };
}

/** How many are 1. */
export function countSet(bitmap: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bitmap.length; i++) count += bitmap[i]!;
  return count;
}

function addDelta(patch: BlockDeltas, column: number, row: number, into: Int16Array): void {
  if (column < 0 || row < 0 || column >= patch.blocksWide || row >= patch.blocksHigh) return;
  const index = row * patch.blocksWide + column;
  if (patch.touched[index] === 0) return;
  const at = index * 64;
  for (let k = 0; k < 64; k++) into[k]! += patch.deltas[at + k]!;
}

/** Quantised AC coefficients of 8 bit files have 10 bits and sign, DC differences 11. @see ITU-T T.81, F.1.2. */
const largestAc = 1023;

/** New coefficients of a block in place; the first is left alone: DC is coded as a difference. */
export function applyAc(coefficients: Int16Array, delta: Int16Array): void {
  for (let k = 1; k < 64; k++) {
    if (delta[k] === 0) continue;
    const limit = Math.max(largestAc, Math.abs(coefficients[k]!));
    coefficients[k] = Math.max(-limit, Math.min(limit, coefficients[k]! + delta[k]!));
  }
}
