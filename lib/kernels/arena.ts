import type { KernelExports, Pointer } from './exports.ts';

/** The memory of one use of kernels: what is reserved in it lives until the use is over. */
export interface Arena {
  /** Reserves bytes. They hold anything. @returns an address that is a multiple of 16. */
  readonly reserve: (bytes: number) => Pointer;
  /** Copies values in. */
  readonly put: (values: Values) => Pointer;
  /**
   * Values in memory as they are, without a copy. Reserving more may move the memory away from under a view:
   * reserve first, then view.
   *
   * @param length counted in values.
   */
  readonly view: <A extends Values>(type: ValuesType<A>, pointer: Pointer, length: number) => A;
  /** The same, copied out: stays when the use is over. */
  readonly take: <A extends Values>(type: ValuesType<A>, pointer: Pointer, length: number) => A;
}

export type Values =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

type ValuesType<A extends Values> = new (buffer: ArrayBuffer, at: number, length: number) => A;

const pageBytes = 64 * 1024;
const alignment = 16;
/**
 * Left free behind everything that is reserved. A kernel that loads a whole vector at the end of its input
 * stays in memory with it, and tests poison it: what a kernel makes of it must not change its result.
 */
export const guardBytes = 64;

/**
 * Opens the memory of an instance.
 *
 * @returns one arena for all its uses, and what empties it: functions made for each use would be compiled
 * anew.
 */
export function openArena({ memory, heapBase }: KernelExports): {
  readonly arena: Arena;
  readonly empty: () => void;
} {
  const first = align(heapBase() + guardBytes);
  let next = first;
  const reserve = (bytes: number): Pointer => {
    const pointer = next;
    next = align(pointer + bytes + guardBytes);
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    return pointer;
  };
  const view: Arena['view'] = (type, pointer, length) => new type(memory.buffer, pointer, length);
  const arena: Arena = {
    reserve,
    view,
    put: (values) => {
      const pointer = reserve(values.byteLength);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      new Uint8Array(memory.buffer, pointer, values.byteLength).set(bytes);
      return pointer;
    },
    take: (type, pointer, length) => view(type, pointer, length).slice() as InstanceType<typeof type>,
  };
  const empty = () => {
    next = first;
  };
  return { arena, empty };
}

const align = (address: number): number => Math.ceil(address / alignment) * alignment;
