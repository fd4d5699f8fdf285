import { EditError } from '../../errors.ts';
import type { InpaintOutcome, InpaintReply, InpaintRequest } from '../engine.ts';
import type { EngineOptions } from '../entry.ts';
import { base64, encodeWithin, requireImage } from '../images.ts';
import type { PictureReply } from '../picture-engines.ts';
import type { Model } from '../vertex/model.ts';
import { modelPath } from '../vertex/url.ts';
import { parsePredictions } from './predictions.ts';

/** Bytes of one image, after encoding; decimal megabytes, to be on the safe side of either reading. */
export const maxImageBytes = 10_000_000;

const mediaTypes: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/tiff',
  'image/vnd.microsoft.icon',
];

/** @throws {EditError} `REQUEST_INVALID` for a format that Imagen does not write. */
export function assertMediaType(engine: string, mediaType: string | undefined): void {
  if (mediaType === undefined || mediaTypes.includes(mediaType)) return;
  throw new EditError(
    'REQUEST_INVALID',
    `Expected a format of ${mediaTypes.join(', ')} for ${engine}, got another`,
  );
}

interface PredictCall {
  readonly body: unknown;
  readonly samples: number;
  /** Prompts in the body. */
  readonly secrets: readonly (string | undefined)[];
}

/** Sends one `:predict` and reads its pictures. */
export async function predictPictures(
  { post, model, entry }: Model,
  { body, samples, secrets }: PredictCall,
  signal: AbortSignal,
): Promise<PictureReply> {
  const path = modelPath(model, 'predict');
  const call = { path, body, model, successor: entry?.successor, secrets };
  const { value, calls } = await post(call, signal);
  const { predictions, safety } = parsePredictions(value, model);
  const outcomes = predictions.map(({ outcome }) => outcome);
  const missing = samples - outcomes.length;
  return {
    outcomes: requireImage(outcomes, { model, calls }),
    enhancedPrompts: predictions.flatMap(({ enhancedPrompt }) => enhancedPrompt ?? []),
    warnings: missing > 0 ? [`${model} gave ${missing} of ${samples} candidates without a word.`] : [],
    calls,
    ...(safety.length > 0 && { safety }),
  };
}

export interface EditImages {
  readonly image: string;
  /** `undefined` when the model makes the mask itself. */
  readonly mask: string | undefined;
}

/** Sends an edit: crop and mask in base64, in a body that `bodyOf` builds around them. */
export async function predictEdit(
  { codec, ...model }: Model & Pick<EngineOptions, 'codec'>,
  request: InpaintRequest,
  bodyOf: (request: InpaintRequest, images: EditImages) => unknown,
  signal: AbortSignal,
): Promise<InpaintReply> {
  const { crop, mask, samples, prompt, negativePrompt } = request;
  const image = base64(await encodeWithin(codec, crop, maxImageBytes));
  const images = { image, mask: mask && base64(await encodeWithin(codec, mask, maxImageBytes)) };
  const call = { body: bodyOf(request, images), samples, secrets: [prompt, negativePrompt] };
  const { enhancedPrompts: _, outcomes, ...reply } = await predictPictures(model, call, signal);
  const inline = outcomes.map((outcome) => (outcome.kind === 'stored' ? unexpected : outcome));
  return { ...reply, outcomes: requireImage(inline, { model: model.model, calls: reply.calls }) };
}

/** An edit asks for no storage. */
const unexpected: InpaintOutcome = { kind: 'unusable', reason: 'a picture kept in a bucket' };
