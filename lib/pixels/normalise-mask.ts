import { EditError } from '../errors.ts';
import { boundingBox } from './box.ts';
import type { Mask } from './raster.ts';

export interface NormalisedMask {
  /** 255 = edit, 0 = keep, between the two is blended. */
  readonly mask: Mask;
  /** Share of the pixels above 0, 0..1. */
  readonly coverage: number;
  /** One sentence for each suspicious property. */
  readonly warnings: readonly string[];
}

interface NormaliseOptions {
  /** `black`: black is edited, white kept. */
  readonly polarity: 'white' | 'black';
  /** Lossy formats add noise around edges: the mask is made black and white again if it was so before. */
  readonly isLossy: boolean;
}

/** Above this share a mask is probably inverted. */
const suspiciousCoverage = 0.6;
/** In a lossy mask values this near to black or white are noise; JPEG quality 50 rings by about 30. */
const ringing = 40;
/** A lossy mask with at most this share of other values was black and white. */
const nearBinaryShare = 0.02;
/** A mask whose brightest value is lower is a mistake: 0/1 labels, or noise. */
const faintest = 16;

/**
 * Applies polarity to a decoded mask, removes the noise of lossy formats, and warns of suspicious contents.
 *
 * @throws {EditError} `MASK_EMPTY` when nothing would be edited, `MASK_FULL` when nothing would be kept.
 */
export function normaliseMask(decoded: Mask, { polarity, isLossy }: NormaliseOptions): NormalisedMask {
  const warnings: string[] = [];
  let mask = polarity === 'black' ? mapped(decoded, (value) => 255 - value) : decoded;
  let levels = histogram(mask);
  if (isLossy && isNearBinary(levels, mask.data.length)) {
    mask = mapped(mask, (value) => (value < ringing ? 0 : value > 255 - ringing ? 255 : value));
    levels = histogram(mask);
    warnings.push(
      'The mask is lossy: values near black and white were set to black and white. PNG is exact.',
    );
  }
  const coverage = 1 - levels[0]! / mask.data.length;
  assertUseful(levels, mask.data.length);
  const brightest = levels.findLastIndex((count) => count > 0);
  if (brightest < 128)
    warnings.push(
      `The mask is faint: its brightest value is ${brightest} of 255, so the edit is only blended in.`,
    );
  if (coverage > suspiciousCoverage) {
    warnings.push(
      `The mask selects ${Math.round(coverage * 100)} % of the picture: its polarity may be inverted.`,
    );
  }
  return { mask, coverage, warnings };
}

function assertUseful(levels: readonly number[], pixels: number): void {
  const brightest = levels.findLastIndex((count) => count > 0);
  if (brightest < faintest) {
    const found = brightest === 0 ? 'an all black one' : `one whose brightest value is ${brightest} of 255`;
    throw new EditError('MASK_EMPTY', `Expected a mask with a white area, got ${found}`);
  }
  if (levels[255] === pixels)
    throw new EditError('MASK_FULL', 'Expected a mask with a black area, got an all white one');
}

function histogram(mask: Mask): number[] {
  const counts = new Uint32Array(256);
  // Mostly a mask is black, which is found out natively.
  const used = boundingBox(mask) ?? { left: 0, top: 0, width: 0, height: 0 };
  for (let y = used.top; y < used.top + used.height; y++) {
    const from = y * mask.width + used.left;
    for (let i = from; i < from + used.width; i++) counts[mask.data[i]!]!++;
  }
  counts[0]! += mask.data.length - used.width * used.height;
  return [...counts];
}

function isNearBinary(levels: readonly number[], pixels: number): boolean {
  let between = 0;
  for (let value = ringing; value <= 255 - ringing; value++) between += levels[value]!;
  return between / pixels <= nearBinaryShare;
}

function mapped(mask: Mask, f: (value: number) => number): Mask {
  const table = Uint8Array.from({ length: 256 }, (_, value) => f(value));
  const data = new Uint8Array(mask.data.length);
  for (let i = 0; i < data.length; i++) data[i] = table[mask.data[i]!]!;
  return { ...mask, data };
}
