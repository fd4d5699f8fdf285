/**
 * Frees the memory of samples or of a file at once. They must not be used any more, and nothing else may lie
 * in that memory.
 *
 * It is outside the JavaScript heap, where the garbage collector does not hurry: a mask of 100 megapixels
 * would stay for most of the edit. And each 16 MB that are reserved there bring on a collection of all.
 */
export function release({ buffer }: Pick<Uint8Array, 'buffer'>): void {
  // Moving nothing into a new buffer frees the old one.
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
