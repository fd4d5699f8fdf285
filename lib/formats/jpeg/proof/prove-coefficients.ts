import { decodeCoefficients } from '../scan/decode-coefficients.ts';
import { type BlockCounts, countBlocks, type ScanPair } from './compare-scans.ts';

/**
 * Decodes two files of several scans in full and compares each block that is not touched.
 *
 * Memory: 4 bytes for each coefficient of the picture.
 *
 * @throws {EditError} when either file does not decode to its end.
 */
export function compareCoefficients({ source, output, before, after, touched }: ScanPair): BlockCounts {
  const a = decodeCoefficients(source, before);
  const b = decodeCoefficients(output, after);
  let differingBlocks = 0;
  touched.forEach(({ bitmap }, component) => {
    const ofA = a[component]!;
    const ofB = b[component]!;
    for (let block = 0; block < bitmap.length; block++) {
      if (bitmap[block] === 1) continue;
      for (let k = block * 64; k < block * 64 + 64; k++) {
        if (ofA[k] === ofB[k]) continue;
        differingBlocks++;
        break;
      }
    }
  });
  return { ...countBlocks(touched), differingBlocks };
}
