/**
 * Gives the memory of decoded samples back at once; they must not be used any more.
 *
 * It lies outside of the JavaScript heap, where the garbage collector sees no need to hurry: at 100 megapixels a mask would
 * stay for most of the edit.
 */
export function release({ buffer }: Uint8Array | Uint16Array): void {
  // Moving nothing into a new buffer frees the old one.
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
