import type { InpaintEngine, InpaintRequest } from '../engines/engine.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { editOptions } from '../requests/engine-options.ts';

interface QuestionOptions {
  /** Names the call over retries. */
  readonly key: string;
  /** In one of the engine's frames. */
  readonly crop: Raster;
  /** By how much the mask that is sent is grown, fraction of the crop's width -> the mask; 0 = not at all. */
  readonly maskGrownBy: (dilation: number) => Mask | undefined;
  readonly samples: number;
  readonly request: EditRequest;
  readonly engine: InpaintEngine;
  readonly modelDilation: number;
}

/** What is asked of a model for one crop; the mask is grown by us, or by the API where it does so itself. */
export function question(options: QuestionOptions): InpaintRequest {
  const { key, crop, maskGrownBy, samples, request, engine } = options;
  const dilation = dilationOf(options);
  return {
    ...editOptions(request),
    key,
    mode: request.mode,
    crop,
    mask: maskGrownBy(engine.dilatesMask ? 0 : dilation),
    maskDilation: engine.dilatesMask ? dilation : undefined,
    samples,
  };
}

/** How much the repainted area is grown beyond the mask, by us or by the API: fraction of the crop's width. */
export function dilationOf(options: {
  readonly request: EditRequest;
  readonly modelDilation: number;
}): number {
  return options.request.maskDilation ?? options.modelDilation;
}
