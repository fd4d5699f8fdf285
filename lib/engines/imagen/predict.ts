import { z } from 'zod';
import { EditError } from '../../errors.ts';
import type { InpaintOutcome, InpaintReply, InpaintRequest, SafetyAttributes } from '../engine.ts';
import type { EngineOptions } from '../entry.ts';
import { base64, encodeWithin, imageOutcome, outputOptions, requireImage } from '../images.ts';
import type { GenerateRequest, PictureOutcome, PictureReply } from '../picture-engines.ts';
import type { Model } from '../vertex/model.ts';
import { supportCodeReason } from '../vertex/support-codes.ts';
import { modelPath } from '../vertex/url.ts';

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

/**
 * The parameters that all Imagen models share, for edits and for new pictures; `undefined` ones vanish from
 * the JSON.
 */
export function commonParameters(
  request: InpaintRequest | GenerateRequest,
): Readonly<Record<string, unknown>> {
  return {
    seed: request.seed,
    addWatermark: request.addWatermark,
    language: request.language,
    personGeneration: request.personGeneration,
    safetySetting: request.safetySetting,
    includeRaiReason: true,
    includeSafetyAttributes: request.includeSafetyAttributes,
    outputOptions: outputOptions(request.replyFormat),
  };
}

interface PredictCall {
  readonly body: unknown;
  readonly samples: number;
  /** Prompts in the body. */
  readonly secrets: readonly (string | undefined)[];
}

/** What a model can do without: it then answers in its own format, and filters without a reason. */
const defaultOptionalFields = ['parameters.includeRaiReason', 'parameters.outputOptions'];
/** What a person asks for by an option of that name. */
const askedFields = [
  ...['seed', 'addWatermark', 'language', 'personGeneration', 'safetySetting', 'includeSafetyAttributes'],
  ...['negativePrompt', 'guidanceScale', 'sampleCount', 'aspectRatio', 'sampleImageSize', 'enhancePrompt'],
  ...['baseSteps', 'upscaleFactor', 'storageUri', 'labels'],
];

/** Sends one `:predict` and reads its pictures. */
export async function predictPictures(
  { post, model, entry }: Model,
  { body, samples, secrets }: PredictCall,
  signal: AbortSignal,
): Promise<PictureReply> {
  const path = modelPath(model, 'predict');
  const { successor, optionalFields = defaultOptionalFields } = entry ?? {};
  const call = { path, body, model, successor, secrets, optionalFields, askedFields };
  const { value, calls, warnings = [] } = await post(call, signal);
  const { predictions, safety } = parsePredictions(value, model);
  const outcomes = predictions.map(({ outcome }) => outcome);
  const missing = samples - outcomes.length;
  return {
    outcomes: requireImage(outcomes, { model, calls }),
    enhancedPrompts: predictions.flatMap(({ enhancedPrompt }) => enhancedPrompt ?? []),
    warnings: [
      ...warnings,
      ...(missing > 0 ? [`${model} gave ${missing} of ${samples} candidates without a word.`] : []),
    ],
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

// Only the fields that are used, none required: a field Google adds or drops must not break an edit.
const replySchema = z.object({ predictions: z.array(z.unknown()).nullish() });
const predictionSchema = z.object({
  bytesBase64Encoded: z.string().nullish(),
  gcsUri: z.string().nullish(),
  mimeType: z.string().nullish(),
  prompt: z.string().nullish(),
  raiFilteredReason: z.string().nullish(),
  contentType: z.string().nullish(),
  safetyAttributes: z
    .object({ categories: z.array(z.string()).nullish(), scores: z.array(z.number()).nullish() })
    .nullish(),
});

interface Prediction {
  readonly outcome: PictureOutcome;
  /** The prompt the picture was made from, when the model rewrote it. */
  readonly enhancedPrompt: string | undefined;
}

interface Predictions {
  readonly predictions: readonly Prediction[];
  readonly safety: readonly SafetyAttributes[];
}

/**
 * The reply of an Imagen `:predict` -> one outcome for each candidate, and the safety scores. Scores come
 * both beside images and as an item of their own.
 *
 * @throws {EditError} `ENGINE_BAD_REPLY` when the reply is no object with predictions at all.
 */
function parsePredictions(value: unknown, model: string): Predictions {
  const reply = replySchema.safeParse(value);
  if (!reply.success) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected predictions from ${model}, got another shape`);
  }
  const predictions: Prediction[] = [];
  const safety: SafetyAttributes[] = [];
  for (const item of reply.data.predictions ?? []) {
    const parsed = predictionSchema.safeParse(item);
    if (!parsed.success) {
      predictions.push({
        outcome: { kind: 'unusable', reason: 'a prediction of another shape' },
        enhancedPrompt: undefined,
      });
      continue;
    }
    const { data } = parsed;
    const outcome = outcomeOf(data);
    if (outcome !== undefined) predictions.push({ outcome, enhancedPrompt: data.prompt ?? undefined });
    if (data.safetyAttributes) safety.push(scoresOf(data.contentType ?? 'image', data.safetyAttributes));
  }
  return { predictions, safety };
}

/** `undefined` for an item that is no candidate, such as the scores of the prompt. */
function outcomeOf(data: z.infer<typeof predictionSchema>): PictureOutcome | undefined {
  if (data.bytesBase64Encoded) return imageOutcome(data.bytesBase64Encoded);
  if (data.gcsUri) return { kind: 'stored', uri: data.gcsUri, mediaType: data.mimeType ?? undefined };
  if (data.raiFilteredReason) return { kind: 'filtered', reason: supportCodeReason(data.raiFilteredReason) };
  if (data.safetyAttributes || data.contentType) return undefined;
  return { kind: 'unusable', reason: 'a prediction without a picture' };
}

function scoresOf(
  of: string,
  attributes: {
    readonly categories?: string[] | null | undefined;
    readonly scores?: number[] | null | undefined;
  },
): SafetyAttributes {
  const scores = attributes.scores ?? [];
  const pairs = (attributes.categories ?? []).map((category, i) => [category, scores[i] ?? 0] as const);
  return { of, scores: Object.fromEntries(pairs) };
}
