import { EditError } from '../errors.ts';
import { placedIn } from './box.ts';
import { type BoxedMask, type SparseMask, sparseMask, wholeMask } from './boxed-mask.ts';
import { isHighAtBorder, spreadOf, twoValuesOf } from './two-values.ts';

export interface NormalisedMask {
  /** 255 = edit, 0 = keep, between the two is blended. */
  readonly mask: BoxedMask;
  /** Share of the pixels above 0, 0..1. */
  readonly coverage: number;
  /** One sentence for each suspicious property. */
  readonly warnings: readonly string[];
}

interface NormaliseOptions {
  /** `black`: black is edited, white kept. `undefined`: white is edited; of two other values, see below. */
  readonly polarity: 'white' | 'black' | undefined;
  /** Lossy formats add noise around edges: the mask is made black and white again if it was so before. */
  readonly isLossy: boolean;
}

/** Above this share a mask is probably inverted. */
export const suspiciousCoverage = 0.6;
/** In a lossy mask values this near to black or white are noise; JPEG quality 50 rings by about 30. */
const ringing = 40;
/** A lossy mask with at most this share of other values was black and white. */
const nearBinaryShare = 0.02;
/** A mask whose brightest value is lower is a mistake: nothing but noise. */
const faintest = 16;

/**
 * Applies polarity to a decoded mask, removes the noise of lossy formats, and warns of suspicious contents.
 *
 * A mask of two values is black and white, whatever the two are. The brighter is white, unless the darker is
 * not black, surrounds the picture less than the brighter, and no polarity is given: then it is the darker.
 *
 * @throws {EditError} `MASK_EMPTY` when nothing would be edited, `MASK_FULL` when nothing would be kept.
 */
export function normaliseMask(decoded: SparseMask, options: NormaliseOptions): NormalisedMask {
  const pixels = decoded.width * decoded.height;
  const decodedLevels = histogram(decoded);
  const { table, warnings: ofReading } = readingOf(decoded, decodedLevels, options);
  const { width, height, part } = table === undefined ? decoded : mapped(decoded, table);
  const levels = table === undefined ? decodedLevels : histogram({ width, height, part });
  const warnings = [...ofReading];
  const coverage = 1 - levels[0]! / pixels;
  const brightest = levels.findLastIndex((count) => count > 0);
  assertUseful(brightest, levels[255] === pixels);
  if (brightest < 128)
    warnings.push(
      `The mask is faint: its brightest value is ${brightest} of 255, so the edit is only blended in.`,
    );
  if (coverage > suspiciousCoverage) {
    warnings.push(`The mask selects ${percent(coverage)} of the picture: its polarity may be inverted.`);
  }
  // Whatever is bright enough lies in it.
  return { mask: part!, coverage, warnings };
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

interface Reading {
  /** From old to new values; `undefined` where they stay. */
  readonly table: Uint8Array | undefined;
  readonly warnings: readonly string[];
}

function readingOf(decoded: SparseMask, levels: readonly number[], options: NormaliseOptions): Reading {
  const { polarity, isLossy } = options;
  const pixels = decoded.width * decoded.height;
  const turned = (value: number) => (polarity === 'black' ? 255 - value : value);
  const table = (f: (value: number) => number) => Uint8Array.from({ length: 256 }, (_, value) => f(value));
  if (isLossy && isNearBinary(levels, pixels)) {
    const snapped = (value: number) => (value < ringing ? 0 : value > 255 - ringing ? 255 : value);
    const warnings = [
      'The mask is lossy: values near black and white were set to black and white. PNG is exact.',
    ];
    return { table: table((value) => turned(snapped(value))), warnings };
  }
  const two = twoValuesOf(levels, { isLossy });
  if (two === undefined || (two.low === 0 && two.high === 255)) {
    return { table: polarity === 'black' ? table(turned) : undefined, warnings: [] };
  }
  const isBlack = two.low <= (isLossy ? blackNoise : 0);
  const isDarkEdited =
    polarity === undefined ? !isBlack && isHighAtBorder(decoded, two) : polarity === 'black';
  const spread = spreadOf(two, { isLossy });
  const [edited, kept] = isDarkEdited ? [two.low, two.high] : [two.high, two.low];
  return {
    table: table((value) => (isDarkEdited ? 255 - spread(value) : spread(value))),
    warnings: [`The mask has two values: ${edited} is edited, ${kept} is kept (as grey, 0 to 255).`],
  };
}

/** Lossy codecs move black by up to this much. */
const blackNoise = 8;

function assertUseful(brightest: number, isFull: boolean): void {
  if (brightest < faintest) {
    const found = brightest === 0 ? 'an all black one' : `one whose brightest value is ${brightest} of 255`;
    throw new EditError('MASK_EMPTY', `Expected a mask with a white area, got ${found}`);
  }
  if (isFull) throw new EditError('MASK_FULL', 'Expected a mask with a black area, got an all white one');
}

function histogram({ width, height, part }: SparseMask): number[] {
  const counts = new Uint32Array(256);
  const { data } = part?.mask ?? { data: new Uint8Array() };
  for (let i = 0; i < data.length; i++) counts[data[i]!]!++;
  counts[0]! += width * height - data.length;
  return [...counts];
}

function isNearBinary(levels: readonly number[], pixels: number): boolean {
  let between = 0;
  for (let value = ringing; value <= 255 - ringing; value++) between += levels[value]!;
  const hasWhite = levels.slice(256 - ringing).some((count) => count > 0);
  return hasWhite && between / pixels <= nearBinaryShare;
}

function mapped(mask: SparseMask, table: Uint8Array): SparseMask {
  // What is black becomes something else: then it is no longer left out.
  const { box, mask: before } =
    table[0] === 0 && mask.part ? mask.part : { box: undefined, mask: wholeMask(mask) };
  const data = new Uint8Array(before.data.length);
  for (let i = 0; i < data.length; i++) data[i] = table[before.data[i]!]!;
  const after = sparseMask({ ...before, data });
  if (box === undefined) return after;
  const part = after.part && { box: placedIn(box, after.part.box), mask: after.part.mask };
  return { ...mask, part };
}
