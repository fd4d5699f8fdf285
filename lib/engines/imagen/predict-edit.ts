import { EditError } from '../../errors.ts';
import type { EncodedImage, EngineCodec, InpaintOutcome, InpaintReply, InpaintRequest } from '../engine.ts';
import { requireImage } from '../outcomes.ts';
import { modelPath } from '../vertex/url.ts';
import type { VertexPost } from '../vertex/vertex.ts';
import { parsePredictions } from './predictions.ts';
import { maxImageBytes } from './values.ts';

/** What every engine of a Google-published model needs. */
export interface ModelEngineOptions {
  readonly post: VertexPost;
  readonly codec: EngineCodec;
  /** The id as it stands in the URL, e.g. `imagen-3.0-capability-001`. */
  readonly model: string;
  readonly successor?: string | undefined;
  /** Longer side of the model's answers. */
  readonly maxSidePx?: number | undefined;
}

export interface EditImages {
  readonly image: string;
  /** `undefined` when the model makes the mask itself. */
  readonly mask: string | undefined;
}

/** Crop and mask as base64, each within the limit of the API. */
export async function encodeEditImages(codec: EngineCodec, request: InpaintRequest): Promise<EditImages> {
  const image = base64(await encodeWithin(codec, request.crop, maxImageBytes));
  if (request.mask === undefined) return { image, mask: undefined };
  return { image, mask: base64(await encodeWithin(codec, request.mask, maxImageBytes)) };
}

/** @throws {EditError} `IMAGE_TOO_LARGE` when not even re-encoding brings it below the limit. */
export async function encodeWithin(
  codec: EngineCodec,
  raster: InpaintRequest['crop'],
  maxBytes: number,
): Promise<EncodedImage> {
  const encoded = await codec.encode(raster, { maxBytes });
  if (encoded.bytes.length <= maxBytes) return encoded;
  throw new EditError(
    'IMAGE_TOO_LARGE',
    `Expected at most ${maxBytes} bytes for the model, got ${encoded.bytes.length}`,
  );
}

export function base64(image: EncodedImage): string {
  const { bytes } = image;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Sends an edit to the `:predict` method of a Google-published model and reads its candidates. */
export async function predictEdit(
  { post, model, successor }: ModelEngineOptions,
  request: InpaintRequest,
  body: unknown,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const path = modelPath(model, 'predict');
  const secrets = [request.prompt, request.negativePrompt];
  const { value, calls } = await post({ path, body, model, successor, secrets }, signal);
  const { predictions, safety } = parsePredictions(value, model);
  const outcomes = predictions.map(({ outcome }) =>
    outcome.kind === 'stored'
      ? ({ kind: 'unusable', reason: 'a picture kept in a bucket' } satisfies InpaintOutcome)
      : outcome,
  );
  const missing = request.samples - outcomes.length;
  const warnings =
    missing > 0 ? [`${model} gave ${missing} of ${request.samples} candidates without a word.`] : [];
  return {
    outcomes: requireImage(outcomes, { model, calls }),
    warnings,
    calls,
    ...(safety.length > 0 && { safety }),
  };
}
