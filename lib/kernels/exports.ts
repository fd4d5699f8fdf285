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
