import type { EncodedImage, InpaintEngine, InpaintReply, InpaintRequest } from '../engines/engine.ts';
import { EditError } from '../errors.ts';
import type { Mask, Raster } from '../pixels/raster.ts';
import type { EditRequest } from '../requests/edit-request.ts';
import { editOptions } from '../requests/engine-options.ts';

interface CallOptions {
  /** Names the call over retries. */
  readonly key: string;
  /** In one of the engine's frames. */
  readonly crop: Raster;
  /** The mask, grown by a fraction of the crop's width; 0 = not grown. */
  readonly maskGrownBy: (dilation: number) => Mask | undefined;
  readonly samples: number;
  readonly request: EditRequest;
  readonly engine: InpaintEngine;
  readonly modelDilation: number;
}

/** The request to a model for one crop. The mask is grown here, or by the API where it does so itself. */
export function inpaintRequest(options: CallOptions): InpaintRequest {
  const { key, crop, maskGrownBy, samples, request, engine } = options;
  const dilation = dilationOf(options);
  const mask = maskGrownBy(engine.dilatesMask ? 0 : dilation);
  const asked = editOptions(request);
  return {
    ...asked,
    key,
    mode: request.mode,
    crop,
    mask,
    // What a finder found is a mask like one that was sent.
    automaticMask: mask === undefined ? asked.automaticMask : undefined,
    maskDilation: engine.dilatesMask ? dilation : undefined,
    samples,
  };
}

/** How far the repainted area reaches beyond the mask, fraction of the crop's width. */
export function dilationOf({
  request,
  modelDilation,
}: Pick<CallOptions, 'request' | 'modelDilation'>): number {
  return request.maskDilation ?? modelDilation;
}

/**
 * The pictures of a reply, in their order.
 *
 * @throws {EditError} `ENGINE_EMPTY` when there is none.
 */
export function imagesOf({ outcomes }: InpaintReply): [EncodedImage, ...EncodedImage[]] {
  const [first, ...others] = outcomes.flatMap((outcome) => (outcome.kind === 'image' ? [outcome.image] : []));
  if (first === undefined)
    throw new EditError('ENGINE_EMPTY', 'Expected at least one picture from the engine, got none');
  return [first, ...others];
}
