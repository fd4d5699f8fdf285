import { z } from 'zod';
import type {
  AutomaticMask,
  EngineCodec,
  InpaintEngine,
  InpaintOutcome,
  InpaintRequest,
} from '../../engines/engine.ts';
import type { ModelOptions } from '../../engines/entry.ts';
import { base64, encodeWithin, imageOutcome, requireImage } from '../../engines/images.ts';
import { modelFor } from '../../engines/vertex/model.ts';
import { modelPath } from '../../engines/vertex/url.ts';
import { EditError } from '../../errors.ts';
import { classNames, personClass } from '../../requests/mask-classes.ts';
import { maxPictureSidePx } from '../finder.ts';

/** Bytes of one image, as at the other models of this API. */
const maxImageBytes = 10_000_000;
/** The API can answer black and white; a soft mask tells where it is not sure. */
const softMask = -1;

/**
 * `image-segmentation-001`, called like an engine: its pictures are the masks, white = found, in the order of
 * the reply; no picture where it found nothing.
 */
export function segmentationModel(options: ModelOptions & { readonly codec: EngineCodec }): InpaintEngine {
  const { codec } = options;
  const { post, model, entry } = modelFor(options, { api: 'segmentation', defaultModel: '' });
  return {
    name: `segmentation:${model}`,
    frames: { kind: 'free', maxSidePx: maxPictureSidePx },
    async inpaint(request, signal) {
      const { automaticMask: wanted, crop, labels } = request;
      if (wanted === undefined)
        throw new EditError('INTERNAL', 'Expected something to be found, got nothing');
      const scribble = wanted.scribble && (await sent(codec, wanted.scribble));
      const body = {
        instances: [{ ...promptOf(wanted), image: await sent(codec, crop), ...scribbleField(scribble) }],
        // The edit grows masks by itself.
        parameters: { mode: modeOf(wanted), maskDilation: 0, binaryColorThreshold: softMask },
        ...(labels && { labels }),
      };
      const path = modelPath(model, 'predict');
      const call = { path, body, model, successor: entry?.successor, secrets: [wanted.words] };
      const { value, calls } = await post(call, signal);
      const outcomes = masksOf(value, model);
      if (outcomes.length > 0) requireImage(outcomes, { model, calls });
      return { outcomes, warnings: [], calls };
    },
  };
}

const sent = async (codec: EngineCodec, raster: InpaintRequest['crop']) => {
  const image = await encodeWithin(codec, raster, maxImageBytes);
  return { bytesBase64Encoded: base64(image), mimeType: image.mediaType };
};

const scribbleField = (image: Awaited<ReturnType<typeof sent>> | undefined) =>
  image === undefined ? {} : { scribble: { image } };

function modeOf({ mode }: AutomaticMask): string {
  return mode === 'people' ? 'SEMANTIC' : mode.toUpperCase();
}

/** Refused by the API where a mode has no use for it. */
function promptOf(wanted: AutomaticMask): { readonly prompt?: string } {
  const { mode, words } = wanted;
  if (mode === 'people') return { prompt: classNames([personClass]).join(',') };
  if (mode === 'semantic') return { prompt: classNames(wanted.classes).join(',') };
  return mode === 'prompt' && words !== undefined ? { prompt: words } : {};
}

// Only the fields that are used, none required.
const replySchema = z.object({ predictions: z.array(z.unknown()).nullish() });
const predictionSchema = z.object({
  bytesBase64Encoded: z.string(),
  labels: z.array(z.object({ label: z.string(), score: z.coerce.number().nullish() })).nullish(),
});

/** @throws {EditError} `ENGINE_BAD_REPLY` when the reply is no object with predictions at all. */
function masksOf(value: unknown, model: string): readonly InpaintOutcome[] {
  const reply = replySchema.safeParse(value);
  if (!reply.success)
    throw new EditError('ENGINE_BAD_REPLY', `Expected masks from ${model}, got another shape`);
  return (reply.data.predictions ?? []).map((item) => {
    const prediction = predictionSchema.safeParse(item);
    if (!prediction.success) return { kind: 'unusable', reason: 'a prediction without a mask' };
    const outcome = imageOutcome(prediction.data.bytesBase64Encoded);
    const labels = (prediction.data.labels ?? []).map(({ label, score }) => ({
      label,
      score: score ?? undefined,
    }));
    return outcome.kind === 'image' ? { ...outcome, labels } : outcome;
  });
}
