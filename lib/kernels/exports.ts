/** An address in the memory of an instance, in bytes. */
export type Pointer = number;

/** Grows by pages of 64 KiB. Its buffer is another one after that, and never shrinks. */
export interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** The types of the kernels: each function that `assembly/index.ts` exports, with its doc comment there. */
export interface KernelExports {
  readonly memory: Memory;
  readonly heapBase: () => Pointer;
  readonly commonBytes: (a: Pointer, b: Pointer, length: number) => number;
  readonly unstuff: (from: Pointer, length: number, to: Pointer, result: Pointer) => void;
  readonly jpegDecoderBytes: () => number;
  readonly jpegDecoder: (definition: Pointer, decoder: Pointer) => void;
  readonly compareMcus: (pair: Pointer, masks: Pointer, count: number) => number;
  readonly equalBits: (a: Pointer, b: Pointer, count: number) => number;
  readonly copyBits: (scan: Pointer, writer: Pointer, to: number) => void;
  readonly editMcus: (edit: Pointer, first: number, count: number) => number;
  readonly endBits: (writer: Pointer) => void;
  readonly walkMcus: (
    scan: Pointer,
    count: number,
    base: number,
    positions: Pointer,
    predictors: Pointer,
  ) => number;
  readonly writeFeatures: (level: Pointer) => void;
  readonly halveLevel: (fine: Pointer, coarse: Pointer) => void;
  readonly distanceToKnown: (
    hole: Pointer,
    width: number,
    height: number,
    padded: Pointer,
    distances: Pointer,
  ) => void;
  readonly patchDistance: (level: Pointer, a: number, b: number, limit: number) => number;
  readonly sweepPatches: (
    level: Pointer,
    isBackwards: boolean,
    reach: number,
    costsHold: boolean,
    seed: number,
  ) => number;
  readonly voteMean: (level: Pointer) => void;
  readonly voteBest: (level: Pointer, origins: Pointer) => void;
  readonly costOfRank: (level: Pointer, rank: number, counts: Pointer) => number;
  readonly linkCells: (grid: Pointer) => void;
  readonly excessOfPieces: (grid: Pointer, pieces: Pointer) => void;
  readonly relaxLight: (grid: Pointer, pull: number, times: number) => void;
  readonly halveLight: (fine: Pointer, coarse: Pointer, sums: Pointer, counts: Pointer) => number;
  readonly doubleLight: (coarse: Pointer, fine: Pointer) => void;
  readonly addLight: (grid: Pointer, rgb: Pointer, channels: number) => void;
  readonly adler32: (adler: number, from: Pointer, length: number) => number;
  readonly inflateStateBytes: () => number;
  readonly inflate: (state: Pointer) => number;
  readonly recodeStateBytes: () => number;
  readonly recode: (state: Pointer) => void;
  readonly recodeEnd: (state: Pointer, isEnd: boolean) => void;
  readonly unfilterRow: RowKernel;
  readonly filterRow: RowKernel;
  readonly differingPixels: (
    a: Pointer,
    b: Pointer,
    mask: Pointer,
    width: number,
    pixelBytes: number,
  ) => number;
}

/** Returns 0 for an unknown filter. */
type RowKernel = (
  filter: number,
  from: Pointer,
  above: Pointer,
  to: Pointer,
  length: number,
  pixelBytes: number,
) => number;
