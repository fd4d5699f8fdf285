import { useKernels } from '../../lib/kernels/kernels.ts';

/** What a kernel finds around its inputs: nothing, everything, and bytes that are neither. */
const poisons = [0x00, 0xff, 0xa5];

/**
 * The results of the same work with other bytes around and between everything in the memory of the kernels.
 *
 * They are equal unless a kernel uses what lies outside its inputs, or what it has not written itself.
 */
export function withEachPoison<T>(work: () => T): readonly T[] {
  return poisons.map((poison) => {
    // The instance that is given back is the next to be lent.
    useKernels(({ arena, kernels }) => {
      arena.reserve(1 << 20);
      new Uint8Array(kernels.memory.buffer, kernels.heapBase()).fill(poison);
    });
    return work();
  });
}
