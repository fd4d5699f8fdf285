/** The first address behind the constants of all kernels: memory from here on belongs to arenas. */
export function heapBase(): usize {
  return __heap_base;
}
