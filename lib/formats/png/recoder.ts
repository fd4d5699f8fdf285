import type { Pointer } from '../../kernels/exports.ts';
import type { KernelUse } from '../../kernels/kernels.ts';
import { type Piece, pieceBytes, windowBytes } from './inflater.ts';

/** Some bytes of the inflated data, `from` to `to` (exclusive). */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Recoder {
  /** Copies the piece that follows the last one. @returns the copy, to be changed and written. */
  readonly copy: (piece: Piece) => Pointer;
  /**
   * Writes a part of the last copy as deflate blocks. @param changed its stretches that changed, in order.
   */
  readonly write: (piece: Piece, part: Stretch, changed: readonly Stretch[]) => Uint8Array;
  /** Writes the last bits, so that the stream ends here, or other blocks can follow at a whole byte. */
  readonly end: (isStreamEnd: boolean) => Uint8Array;
}

/** Where fields of the kernel's state are, in numbers of 32 bits. */
const outAt = 3;
const fields = 17;
/** A block of at least 16 KiB has some 80 bytes of codes, at most 330. */
const codesBytes = 16_384;

/** Writes changed data with the matches of the old, piece by piece. @param keptBytes as of the inflater. */
export function recoder({ kernels, arena }: KernelUse, keptBytes: number): Recoder {
  const stateBytes = kernels.recodeStateBytes();
  const state = arena.reserve(stateBytes);
  const buffer = arena.reserve(Math.max(windowBytes, keptBytes) + pieceBytes + 1024);
  const sequences = arena.reserve(8 * (Math.ceil(pieceBytes / 3) + 2));
  const out = arena.reserve(2 * pieceBytes + codesBytes);
  const memory = () => new Uint8Array(kernels.memory.buffer);
  const field = () => new Uint32Array(kernels.memory.buffer, state, fields);
  memory().fill(0, state, state + stateBytes);
  let copied: { readonly at: Pointer; readonly end: Pointer } | undefined;

  function copy({ from, to, history }: Piece): Pointer {
    const all = memory();
    const at = buffer + history;
    if (copied === undefined) all.copyWithin(buffer, from - history, from);
    else all.copyWithin(buffer, copied.end - history, copied.end);
    all.copyWithin(at, from, to);
    copied = { at, end: at + to - from };
    return at;
  }

  function written(): Uint8Array {
    return memory().slice(out, field()[outAt]);
  }

  return {
    copy,
    write(piece, part, changed) {
      const { at } = copied!;
      const place = (byte: number) => at + byte - piece.byte;
      const zones = arena.put(Uint32Array.from(changed.flatMap(({ from, to }) => [place(from), place(to)])));
      field().set(
        [
          ...[out, buffer, place(part.from), place(part.to), piece.matches, piece.matchesEnd],
          ...[zones, zones + 8 * changed.length, piece.byte - at, sequences, 0, 0, 0, at - piece.from],
        ],
        outAt,
      );
      kernels.recode(state);
      return written();
    },
    end(isStreamEnd) {
      field().set([out, buffer], outAt);
      kernels.recodeEnd(state, isStreamEnd);
      return written();
    },
  };
}
