/**
 * FNV-1a over bytes and numbers; of long inputs every n-th byte. Only used to give equal requests equal
 * answers.
 */
export function hashOf(...parts: readonly (Uint8Array | number)[]): number {
  let hash = 0x811c9dc5;
  const mix = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193) >>> 0;
  };
  for (const part of parts) {
    if (typeof part === 'number') {
      mix(part);
      continue;
    }
    const step = Math.max(1, part.length >> 12);
    for (let i = 0; i < part.length; i += step) mix(part[i]!);
  }
  return hash;
}

/** Mulberry32: numbers in 0..1 (1 excluded), the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
