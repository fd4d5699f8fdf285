import { EditError } from '../../../errors.ts';
import type { JpegScan } from './headers.ts';
import type { JpegStructure } from './structure.ts';

/** Called for each part of a scan, in coding order. */
export interface ScanVisitor {
  /** `member` counts within the scan, `block` within the component: row * blocksWide + column. */
  block(member: number, block: number): void;
  /** Before the first block of each restart interval but the first; counts from 0. */
  restart(index: number): void;
  /** Before each MCU. */
  mcu(): void;
}

/**
 * Visits the blocks of a scan: MCU by MCU when it has several components, else the blocks that hold samples.
 */
export function visitScan(structure: JpegStructure, scan: JpegScan, visitor: ScanVisitor): void {
  const { components, mcusWide, mcusHigh } = structure;
  const isSingle = scan.members.length === 1;
  const only = components[scan.members[0]!.component]!;
  const wide = isSingle ? Math.ceil(only.width / 8) : mcusWide;
  const high = isSingle ? Math.ceil(only.height / 8) : mcusHigh;
  for (let y = 0, mcu = 0; y < high; y++) {
    for (let x = 0; x < wide; x++, mcu++) {
      if (scan.restartInterval > 0 && mcu > 0 && mcu % scan.restartInterval === 0) {
        visitor.restart(mcu / scan.restartInterval - 1);
      }
      visitor.mcu();
      if (isSingle) visitor.block(0, y * only.blocksWide + x);
      else visitMcu(structure, scan, visitor, x, y);
    }
  }
}

function visitMcu(
  { components }: JpegStructure,
  { members }: JpegScan,
  visitor: ScanVisitor,
  x: number,
  y: number,
): void {
  for (let member = 0; member < members.length; member++) {
    const { h, v, blocksWide } = components[members[member]!.component]!;
    for (let row = 0; row < v; row++) {
      for (let column = 0; column < h; column++)
        visitor.block(member, (y * v + row) * blocksWide + x * h + column);
    }
  }
}

/** More scans than any encoder writes; each may visit every block for a few bytes of file. */
const maxScans = 64;

/**
 * Checks that the scans send every bit of every coefficient once and in order.
 *
 * A file that stops early is refused: decoders smooth it across blocks, which would spread a change.
 *
 * @throws {EditError} `IMAGE_UNREADABLE` or `KIND_UNSUPPORTED`.
 * @see ITU-T T.81, G.1.1.1.
 */
export function assertCompleteScript({ process, components, scans }: JpegStructure): void {
  if (scans.length > maxScans)
    throw new EditError('KIND_UNSUPPORTED', `Expected at most ${maxScans} scans, got ${scans.length}`);
  const lowestBits = components.map(() => new Uint8Array(64).fill(unsent));
  for (const scan of scans) {
    assertScanParameters(process, scan);
    for (const { component } of scan.members) sendBits(lowestBits[component]!, scan);
  }
  if (lowestBits.some((bits) => bits.some((bit) => bit !== 0))) {
    throw new EditError(
      'KIND_UNSUPPORTED',
      'Expected every coefficient in full, got a progressive file that stops early',
    );
  }
}

/** The lowest bit sent of a coefficient of which no scan has sent any. */
const unsent = 255;

function sendBits(lowestBits: Uint8Array, { ss, se, ah, al }: JpegScan): void {
  for (let k = ss; k <= se; k++) {
    if (lowestBits[k] !== (ah === 0 ? unsent : ah)) {
      throw new EditError('IMAGE_UNREADABLE', 'Expected each bit of a coefficient once and in order');
    }
    lowestBits[k] = al;
  }
}

function assertScanParameters(
  process: JpegStructure['process'],
  { members, ss, se, ah, al }: JpegScan,
): void {
  const isSequential = ss === 0 && se === 63 && ah === 0 && al === 0;
  const isProgressive = ss === 0 ? se === 0 : se >= ss && se <= 63 && members.length === 1;
  const isKnown = process === 'sequential' ? isSequential : isProgressive;
  if (isKnown && al <= 13 && (ah === 0 || ah === al + 1)) return;
  throw new EditError('IMAGE_UNREADABLE', `Expected a scan of T.81, got ${ss}..${se}, bits ${ah}..${al}`);
}

/**
 * Refuses a small file that claims a huge picture before memory is taken: every block takes at least 2 bits,
 * a progressive one 1.
 *
 * @throws {EditError} `IMAGE_TRUNCATED`.
 */
export function assertEnoughData({ components, scans, process }: JpegStructure): void {
  const blocks = components.reduce((sum, { blocksWide, blocksHigh }) => sum + blocksWide * blocksHigh, 0);
  const bits = scans.reduce((sum, { dataOffset, dataEnd }) => sum + (dataEnd - dataOffset) * 8, 0);
  // A scan of one component codes fewer blocks than its MCUs hold: at least one of four each way.
  if (bits * 16 < blocks * (process === 'progressive' ? 1 : 2)) {
    throw new EditError('IMAGE_TRUNCATED', `Expected data for ${blocks} blocks, got ${bits} bits`);
  }
}
