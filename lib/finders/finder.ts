import type {
  AutomaticMask,
  EncodedImage,
  EngineCodec,
  InpaintEngine,
  MaskLabel,
} from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import type { Mask, Raster } from '../pixels/raster.ts';

/** Longer side of the picture that finders see, px. */
export const maxPictureSidePx = 1024;

export interface FindRequest {
  /** The whole picture, upright: H x W x 3, 8 bit sRGB, longer side at most `maxPictureSidePx`. */
  readonly picture: Raster;
  readonly wanted: AutomaticMask;
  /** For the billing report of Google Cloud. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

export interface FoundMask {
  /** H x W x 1 at the size of the picture, 255 = what was wanted, between 0 and 255 where it is not sure. */
  readonly mask: Mask;
  readonly labels: readonly MaskLabel[];
}

export interface Found {
  /** They count together; none when nothing was found. */
  readonly masks: readonly FoundMask[];
  /**
   * How far the true edge may lie from the found one, px of the picture that was sent. Above 0 the edge is
   * looked for in the pixels around it.
   */
  readonly edgePx: number;
  readonly warnings: readonly string[];
  /** HTTP calls made to a model, retries included; 0 for what is found on this machine. */
  readonly calls: number;
}

/** Finds what shall be masked in a picture, whichever engine repaints it. */
export interface MaskFinder {
  /** For reports, e.g. `people` or `segmentation:image-segmentation-001`. */
  readonly name: string;
  /**
   * @throws {EditError} what the model throws; `ENGINE_BAD_REPLY` for an answer that is no mask; `CANCELLED`
   * or `DEADLINE_EXCEEDED` after an abort.
   */
  find(request: FindRequest, signal: AbortSignal): Promise<Found>;
}

/** The key of the one call that a finder makes, beside `r0`, `r1`, ... of the engine. */
export const findKey = 'm0';

/** Bytes to pixels and back; injected, since only `lib/formats/vips` may touch sharp. */
export interface FinderCodec extends EngineCodec {
  /** @throws {EditError} `ENGINE_BAD_REPLY` when it is no whole picture. */
  decode(image: EncodedImage): Promise<Raster>;
}

/** One finder of the table. */
export interface FinderEntry {
  readonly modes: readonly AutomaticMask['mode'][];
  /** Ids of the classes that `semantic` takes; all of them when left out. */
  readonly classes?: readonly number[];
  /** What makes it available, for messages: a setting or an engine. */
  readonly advice: string;
  /**
   * Around the model that it asks, which is called like an engine: so jobs count, keep, price and limit its
   * calls as they do with those of engines. `undefined` for a finder that asks none.
   */
  readonly around: (model: InpaintEngine | undefined, codec: FinderCodec) => Promise<MaskFinder>;
}

/** The model of a finder that cannot do without. */
export function required(model: InpaintEngine | undefined): InpaintEngine {
  if (model === undefined) throw new EditError('INTERNAL', 'Expected a model for a finder, got none');
  return model;
}
