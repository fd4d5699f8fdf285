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
}
