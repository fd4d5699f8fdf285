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
}
