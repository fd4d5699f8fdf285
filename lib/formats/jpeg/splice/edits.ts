import { EditError } from '../../../errors.ts';
import { type BlockSet, placesIn } from '../block-mask.ts';
import type { JpegStructure } from '../scan/structure.ts';
import type { BlockDeltas } from './block-deltas.ts';

/** All changes of a splice, to be looked up in coding order. */
export interface CoefficientEdits {
  /** The blocks that differ from the source. */
  readonly touched: BlockSet;
  /** By MCU in coding order, 1 where any of its blocks is touched. */
  readonly mcus: Uint8Array;
  readonly deltas: readonly BlockDeltas[];
  /** Adds up the changes of a block in `into`; false when it is untouched. */
  readonly deltaAt: (component: number, column: number, row: number, into: Int16Array) => boolean;
}

/** The sum of all changes: patches that share a block were rounded one by one. */
export function collectEdits(structure: JpegStructure, deltas: readonly BlockDeltas[]): CoefficientEdits {
  const { components, mcusWide, mcusHigh } = structure;
  const touched = components.map(({ blocksWide, blocksHigh }) => new Uint8Array(blocksWide * blocksHigh));
  const mcus = new Uint8Array(mcusWide * mcusHigh);
  for (const patch of deltas) {
    const { h, v, blocksWide } = components[patch.component]!;
    for (const i of placesIn(patch.touched)) {
      const column = patch.left + (i % patch.blocksWide);
      const row = patch.top + Math.floor(i / patch.blocksWide);
      touched[patch.component]![row * blocksWide + column] = 1;
      mcus[Math.floor(row / v) * mcusWide + Math.floor(column / h)] = 1;
    }
  }
  const byComponent = components.map((_, index) => deltas.filter(({ component }) => component === index));
  return {
    touched,
    mcus,
    deltas,
    deltaAt: (component, column, row, into) => {
      if (touched[component]![row * components[component]!.blocksWide + column] === 0) return false;
      into.fill(0);
      for (const patch of byComponent[component]!)
        addDelta(patch, column - patch.left, row - patch.top, into);
      return true;
    },
  };
}

function addDelta(patch: BlockDeltas, column: number, row: number, into: Int16Array): void {
  if (column < 0 || row < 0 || column >= patch.blocksWide || row >= patch.blocksHigh) return;
  const index = row * patch.blocksWide + column;
  if (patch.touched[index] === 0) return;
  const at = index * 64;
  for (let k = 0; k < 64; k++) into[k]! += patch.deltas[at + k]!;
}

/** AC coefficients of 8 bit files have 10 bits and sign. @see ITU-T T.81, F.1.2. */
const largestAc = 1023;
/** DC values, and differences of them, have 11. */
const largestDc = 2047;

/** Changes the AC coefficients of a block in place. The first is left alone: DC is coded as a difference. */
export function applyAc(coefficients: Int16Array, delta: Int16Array): void {
  for (let k = 1; k < 64; k++) {
    if (delta[k] === 0) continue;
    const limit = Math.max(largestAc, Math.abs(coefficients[k]!));
    coefficients[k] = Math.max(-limit, Math.min(limit, coefficients[k]! + delta[k]!));
  }
}

/** @throws {EditError} `KIND_UNSUPPORTED` for a DC value or difference of more than 11 bits. */
export function checkedDc(levels: number): number {
  if (Math.abs(levels) <= largestDc) return levels;
  throw new EditError('KIND_UNSUPPORTED', `Expected DC values and differences of 11 bits, got ${levels}`);
}
