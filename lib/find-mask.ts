import { findMask, type MaskReport } from './edit/found-mask.ts';
import { checkPhoto, readMask, readPhoto } from './edit/read.ts';
import { type StepListener, stopwatch } from './edit/stopwatch.ts';
import type { AutomaticMask, EncodedImage } from './engines/engine.ts';
import { EditError } from './errors.ts';
import { type MaskFinder, maxPictureSidePx } from './finders/finder.ts';
import type { Limits } from './formats/vips/header.ts';
import type { Source } from './formats/vips/read.ts';
import { writeMask } from './formats/vips/write-mask.ts';
import { boxOf } from './pixels/box.ts';
import { maskWithin } from './pixels/boxed-mask.ts';
import { coverMask } from './pixels/mask.ts';
import { fitSize } from './pixels/resample.ts';
import { wantedMask } from './requests/engine-options.ts';
import type { MaskRequest } from './requests/mask-request.ts';
import type { Trace } from './trace.ts';

interface MaskInput {
  readonly image: Uint8Array;
  /** A picture of a rough stroke over what is wanted, white on black; then no `maskMode` is asked for. */
  readonly scribble: Uint8Array | undefined;
  readonly request: MaskRequest;
  readonly onStep?: StepListener;
}

export interface MaskResult {
  /**
   * A grey PNG of the size of the picture as displayed, white = found: as a mask it can be sent to `edit`.
   */
  readonly mask: EncodedImage;
  readonly report: {
    readonly mask: MaskReport;
    /** Share of the picture, 0..1. */
    readonly maskCoverage: number;
    readonly image: { readonly format: string; readonly width: number; readonly height: number };
    readonly modelCalls: number;
    readonly warnings: readonly string[];
    readonly timingsMs: Readonly<Record<string, number>>;
  };
  /** What the call of the model may cost by list price, where it is known. */
  readonly costEstimateUsd?: number | undefined;
}

/** Finds a mask and repaints nothing; its finders and limits are bound in. */
export type FindMask = (input: MaskInput, signal: AbortSignal) => Promise<MaskResult>;

interface MaskMakerOptions {
  /** @throws {EditError} `FINDER_UNSUPPORTED`. */
  readonly finderFor: (wanted: AutomaticMask) => Promise<MaskFinder>;
  readonly limits: Limits;
  readonly trace?: Trace;
}

/** Finds masks as an edit does, for those who want to see a mask before it is used. */
export function maskMaker({ finderFor, limits, trace }: MaskMakerOptions): FindMask {
  return async ({ image, scribble, request, onStep }, signal) => {
    const { step, timingsMs } = stopwatch(signal, trace, onStep);
    const asked = askedFor(request, scribble);
    // Before anything is decoded.
    const finder = await finderFor(asked);
    const photo = await step('read', () => readPhoto(image, limits));
    const { notes } = await step('check', () => checkPhoto(photo));
    const wanted = scribble ? { ...asked, scribble: await strokeOf(scribble, photo, limits) } : asked;
    const { labels, dilationPx } = request;
    const found = await findMask({ photo, finder, wanted, labels, dilationPx, step, signal });
    const { displayed, format } = photo.header;
    const mask = await step('write', () => writeMask(found.mask, displayed));
    const report = {
      mask: found.report,
      maskCoverage: found.coverage,
      image: { format, ...displayed },
      modelCalls: found.calls,
      warnings: [...notes, ...found.warnings],
      timingsMs: timingsMs(),
    };
    return { mask, report };
  };
}

/** @throws {EditError} `REQUEST_INVALID` where nothing is asked for, or two things are. */
function askedFor({ maskMode, ...request }: MaskRequest, scribble: Uint8Array | undefined): AutomaticMask {
  if ((maskMode === undefined) === (scribble === undefined)) {
    throw new EditError(
      'REQUEST_INVALID',
      `Expected either maskMode or a file named scribble, got ${scribble ? 'both' : 'none'}`,
    );
  }
  const wanted = wantedMask({ ...request, maskMode: maskMode ?? 'user' });
  return wanted ?? { mode: 'interactive', classes: undefined };
}

/** The stroke at the size at which finders see the picture. */
async function strokeOf(bytes: Uint8Array, photo: Source, limits: Limits) {
  const request = { maskMode: 'user', polarity: 'white', mode: 'removal' } as const;
  const stroke = await readMask({ mask: bytes, request, isPolarityGiven: true }, photo, limits);
  if (stroke === undefined) throw new EditError('MASK_MISSING', 'Expected a scribble, got none');
  const { displayed } = photo.header;
  return coverMask(maskWithin(stroke.mask, boxOf(displayed)), fitSize(displayed, maxPictureSidePx));
}
