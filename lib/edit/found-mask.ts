import type { AutomaticMask } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import { type Found, type FoundMask, type MaskFinder, maxPictureSidePx } from '../finders/finder.ts';
import { nameOf } from '../finders/modes.ts';
import { partOfMask, refineEdge } from '../fit/refine-edge.ts';
import { readLuma, readWholeAsSrgb, type Source } from '../formats/vips/read.ts';
import { type BoxedMask, dilateBoxed } from '../pixels/boxed-mask.ts';
import { countAbove0 } from '../pixels/mask.ts';
import { percent } from '../pixels/normalise-mask.ts';
import { emptyMask, luma, type Mask, type Raster } from '../pixels/raster.ts';
import { fitSize, rescale, resizeTo } from '../pixels/resample.ts';
import type { GivenMask } from './read.ts';
import type { Step } from './stopwatch.ts';

/** The part of a manifest that tells of a mask that nobody sent. */
export interface MaskReport {
  /** Who found it: a finder, or the engine itself; `user` for one that was sent. */
  readonly finder: string;
  /** What the finder saw, as far as it says so. */
  /** Only with `effects`: the share of the picture that was added to the mask, 0..1. */
  readonly effects?: number;
  readonly found: readonly { readonly label: string; readonly score?: number | undefined }[];
}

/** A mask that was found, at the size of the picture. */
export interface FoundGiven extends GivenMask {
  /** What the request asks for has been done. */
  readonly isGrown: true;
  readonly report: MaskReport;
  /** Billable calls of the model that found it. */
  readonly calls: number;
}

interface FindOptions {
  readonly photo: Source;
  readonly finder: MaskFinder;
  readonly wanted: AutomaticMask;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** How far the mask grows, px of the picture; `undefined`: as a removal needs. */
  readonly dilationPx: number | undefined;
  readonly step: Step;
  readonly signal: AbortSignal;
}

/** A smaller share of the picture is chance, a larger one leaves nothing to continue from. */
const leastFound = 0.005;
const mostFound = 0.95;
/** Half of a soft mask is found. */
const foundLevel = 128;
/** A found edge is soft: a removal grows it by this share of the picture's width. */
const removalDilation = 0.01;

/**
 * Finds what is wanted in the whole picture, and makes it a mask like one that was sent.
 *
 * @throws {EditError} `MASK_NOT_FOUND`, `MASK_FULL`; else what the finder throws.
 */
export async function findMask(options: FindOptions): Promise<FoundGiven> {
  const { photo, finder, wanted, labels, step, signal } = options;
  const { displayed } = photo.header;
  const picture = await step('view', () => readWholeAsSrgb(photo, fitSize(displayed, maxPictureSidePx)));
  const found = await step('find', () => finder.find({ picture, wanted, labels }, signal));
  const small = unionOf(found.masks, picture);
  assertUseful(small, wanted, found);
  const edge = await step('edge', () => atFullSize(photo, picture, small, found.edgePx));
  const dilationPx = options.dilationPx ?? Math.round(removalDilation * displayed.width);
  const mask = dilateBoxed(edge, dilationPx, displayed);
  const coverage = countAbove0(mask.mask) / (displayed.width * displayed.height);
  if (coverage === 1) throw full(wanted, coverage);
  return {
    mask,
    coverage,
    isGrown: true,
    warnings: found.warnings,
    calls: found.calls,
    report: { finder: finder.name, found: found.masks.flatMap((part) => part.labels.map(roundedLabel)) },
  };
}

const roundedLabel = ({ label, score }: FoundMask['labels'][number]) => ({
  label,
  ...(score !== undefined && { score: Math.round(score * 1000) / 1000 }),
});

function unionOf(masks: readonly FoundMask[], picture: Raster): Mask {
  const out = emptyMask(picture);
  for (const { mask } of masks) {
    for (let p = 0; p < out.data.length; p++) out.data[p] = Math.max(out.data[p]!, mask.data[p]!);
  }
  return out;
}

function assertUseful({ data }: Mask, wanted: AutomaticMask, { calls }: Found): void {
  const share = data.reduce((sum, level) => sum + (level >= foundLevel ? 1 : 0), 0) / data.length;
  if (share > mostFound) throw full(wanted, share);
  if (share >= leastFound) return;
  throw new EditError(
    'MASK_NOT_FOUND',
    `Expected ${nameOf(wanted)} on at least ${leastFound * 100} % of the picture, got ${(share * 100).toFixed(1)} %`,
    { details: { maskCoverage: share }, billing: { calls, mayBeBilled: calls > 0 } },
  );
}

const full = (wanted: AutomaticMask, share: number): EditError =>
  new EditError(
    'MASK_FULL',
    `Expected ${nameOf(wanted)} on a part of the picture, got ${percent(share)} of it`,
    { details: { maskCoverage: share } },
  );

/** Edges are compared at this size: the same as at 1024 px, in a quarter of the time. */
const edgeSidePx = 512;

/** Moves the edge to what can be seen in the picture itself, and enlarges the mask. */
async function atFullSize(photo: Source, seen: Raster, found: Mask, edgePx: number): Promise<BoxedMask> {
  const picture = photo.header.displayed;
  const size = edgePx > 0 ? fitSize(seen, edgeSidePx) : seen;
  const mask: Mask = { ...rescale(found, size, 'area'), channels: 1 };
  const edge = { mask, edgePx: (edgePx * size.width) / seen.width, picture };
  const box = partOfMask(edge);
  // assertUseful refuses an empty mask.
  if (box === undefined) throw new EditError('MASK_NOT_FOUND', 'Expected a mask, got an empty one');
  const guide = luma(resizeTo(seen, size));
  const own = edgePx > 0 ? await readLuma(photo, box) : undefined;
  return { box, mask: refineEdge({ ...edge, guide, part: box, luma: own?.data ?? new Uint8Array() }) };
}
