import { marker, uint16 } from './segments.ts';

export interface Frame {
  /** Bits a sample. */
  readonly bits: number;
  /** Neither lossless nor one of several of a hierarchy. */
  readonly isSingleDct: boolean;
}

/** Baseline, extended and progressive, Huffman and arithmetic. @see ITU-T T.81, table B.1. */
const singleDct: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
/** Of the same range, but no frames: tables of Huffman codes, an extension, conditions of arithmetic coding. */
const noFrames: ReadonlySet<number> = new Set([marker.dht, 0xc8, 0xcc]);

/** The first frame header, found from segment to segment without a look at any scan; `undefined` when there is none. */
export function frameOf(bytes: Uint8Array): Frame | undefined {
  let at = 2;
  while (at + 4 < bytes.length && bytes[at] === 0xff) {
    const code = bytes[at + 1]!;
    if (code === 0xff) {
      at++;
      continue;
    }
    if (code >= marker.sof0 && code <= 0xcf && !noFrames.has(code)) {
      return { bits: bytes[at + 4]!, isSingleDct: singleDct.has(code) };
    }
    if (code === marker.sos) return undefined;
    at += 2 + uint16(bytes, at + 2);
  }
  return undefined;
}
