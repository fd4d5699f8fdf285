const modulus = 65_521;

/**
 * The checksum of a changed sequence from that of the one before: it is a sum, so only what changed counts.
 *
 * @param adler of the sequence before. @param length of the whole sequence, bytes.
 * @returns `note` for bytes that changed, some thousand at once: where they begin, what they were and what they are.
 * @see RFC 1950, 8.2 (Adler-32)
 */
export function changedAdler(adler: number, length: number) {
  let low = 0;
  let high = 0;
  return {
    note: (at: number, old: Uint8Array, now: Uint8Array): void => {
      let sum = 0;
      let weighted = 0;
      for (let i = 0; i < old.length; i++) {
        const difference = now[i]! - old[i]!;
        sum += difference;
        weighted += difference * i;
      }
      low = (low + sum) % modulus;
      // Each byte counts as often as there are bytes from it to the end.
      high = (high + ((sum * ((length - at) % modulus)) % modulus) - (weighted % modulus)) % modulus;
    },
    get: (): number => {
      const a = positive((adler & 0xffff) + low);
      const b = positive((adler >>> 16) + high);
      return ((b << 16) | a) >>> 0;
    },
  };
}

const positive = (value: number): number => ((value % modulus) + modulus) % modulus;
