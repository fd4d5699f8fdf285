import { assertFinished, assertInside } from '../scan/bit-reader.ts';
import { skipAc } from '../scan/blocks.ts';
import type { JpegStructure } from '../scan/structure.ts';
import {
  hasEqualAc,
  hasEqualDc,
  holdMcu,
  nextIntervals,
  openScanPair,
  type ScanPair,
  sharedCodes,
  skipEqualMcus,
} from './scan-pair.ts';

export interface FilePair {
  readonly source: Uint8Array;
  readonly output: Uint8Array;
  /** Their headers. */
  readonly before: JpegStructure;
  readonly after: JpegStructure;
  /** By component, blocksHigh x blocksWide, 1 where a block may differ. */
  readonly touched: readonly { readonly bitmap: Uint8Array }[];
}

/**
 * Decodes two sequential scans in step and counts the blocks outside the touched ones that differ.
 *
 * @throws {EditError} when either scan does not decode to its end.
 */
export function compareScans({ source, output, before, after, touched }: FilePair): number {
  const pair = openScanPair(source, before, output, after);
  const isShared = sharedCodes(pair);
  const maySkip = isShared.every(Boolean);
  const touchedMcus = mcusOf(before, touched);
  const total = before.mcusWide * before.mcusHigh;
  const interval = before.scans[0]!.restartInterval || total;
  let differing = 0;
  let intervalEnd = interval;
  for (let mcu = 0; mcu < total; ) {
    if (mcu === intervalEnd) {
      nextIntervals(pair, mcu / interval - 1);
      intervalEnd += interval;
    }
    if (maySkip && touchedMcus[mcu] === 0) {
      const next = touchedMcus.indexOf(1, mcu);
      const end = Math.min(next < 0 ? total : next, intervalEnd);
      const skipped = skipEqualMcus(pair, end - mcu);
      mcu += skipped;
      if (skipped > 0) continue;
    }
    holdMcu(pair);
    differing += compareMcu(pair, { before, touched, isShared }, mcu++);
  }
  assertFinished(pair.a.reader);
  assertFinished(pair.b.reader);
  return differing;
}

interface Grid extends Pick<FilePair, 'before' | 'touched'> {
  /** By block of an MCU, true when both scans use the same codes. */
  readonly isShared: readonly boolean[];
}

/** Compares the blocks of one MCU that are not touched; the number of those that differ. */
function compareMcu(pair: ScanPair, { before, touched, isShared }: Grid, mcu: number): number {
  const { a, b } = pair;
  const mcuColumn = mcu % before.mcusWide;
  const mcuRow = Math.floor(mcu / before.mcusWide);
  let differing = 0;
  for (let block = 0; block < a.tables.blocks.length; block++) {
    const { component, column, row } = a.tables.blocks[block]!;
    const { h, v, blocksWide } = before.components[component]!;
    const at = (mcuRow * v + row) * blocksWide + mcuColumn * h + column;
    const isDcEqual = hasEqualDc(pair, block, component);
    if (touched[component]!.bitmap[at] === 1) {
      skipAc(a.reader, a.tables, block);
      skipAc(b.reader, b.tables, block);
      continue;
    }
    const isAcEqual = hasEqualAc(pair, block, isShared[block]!);
    if (!isDcEqual || !isAcEqual) differing++;
  }
  assertInside(a.reader);
  assertInside(b.reader);
  return differing;
}

/** By MCU in coding order, 1 where any of its blocks is touched. */
function mcusOf({ components, mcusWide, mcusHigh }: JpegStructure, touched: FilePair['touched']): Uint8Array {
  const mcus = new Uint8Array(mcusWide * mcusHigh);
  components.forEach(({ h, v, blocksWide }, component) => {
    const { bitmap } = touched[component]!;
    for (let at = bitmap.indexOf(1); at >= 0; at = bitmap.indexOf(1, at + 1)) {
      const mcuRow = Math.floor(Math.floor(at / blocksWide) / v);
      mcus[mcuRow * mcusWide + Math.floor((at % blocksWide) / h)] = 1;
    }
  });
  return mcus;
}
