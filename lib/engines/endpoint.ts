import { z } from 'zod';
import { EditError } from '../errors.ts';
import { inParallel } from '../in-parallel.ts';
import { checkEditRequest, type EditHonours } from './edit-options.ts';
import type { EngineCodec, InpaintEngine, InpaintRequest } from './engine.ts';
import { base64, encodeWithin } from './imagen/predict-edit.ts';
import { requireImage } from './outcomes.ts';
import { imageOutcome } from './reply-image.ts';
import type { VertexPost } from './vertex/vertex.ts';

export const endpointHonours: EditHonours = {
  prompt: { note: 'required for insertion' },
  negativePrompt: {},
  samples: { range: [1, 4], note: 'one call each' },
  steps: { range: [1, 75], default: 'left to the container' },
};

/** Shared public endpoints refuse requests over 1.5 MB; dedicated ones take 10 MB. */
const defaultMaxRequestBytes = 1_500_000;
/** Prompt, field names and braces. */
const envelopeBytes = 20_000;

export interface EndpointEngineOptions {
  readonly post: VertexPost;
  readonly codec: EngineCodec;
  /** The numeric id of the endpoint. */
  readonly endpointId: string;
  /** Side of the square the container answers in. */
  readonly sidePx?: number | undefined;
  readonly maxRequestBytes?: number | undefined;
}

export interface EndpointImages {
  readonly image: string;
  readonly mask: string;
}

/** The body the inpainting containers of Model Garden take (SDXL, Kandinsky). */
export function endpointBody(request: InpaintRequest, images: EndpointImages): Record<string, unknown> {
  const instance = {
    prompt: request.prompt ?? '',
    image: images.image,
    mask_image: images.mask,
    negative_prompt: request.negativePrompt,
    num_inference_steps: request.steps,
  };
  return { instances: [instance] };
}

const replySchema = z.object({ predictions: z.array(z.unknown()).nullish() });

/** Base64 images as they are; `null` and the like are what a container answers when it failed on one. */
function outcomesOf(value: unknown, model: string) {
  const reply = replySchema.safeParse(value);
  if (!reply.success) {
    throw new EditError('ENGINE_BAD_REPLY', `Expected predictions from ${model}, got another shape`);
  }
  return (reply.data.predictions ?? []).map((item) =>
    typeof item === 'string'
      ? imageOutcome(item)
      : ({ kind: 'unusable', reason: 'a prediction that is no base64 text' } as const),
  );
}

/**
 * A self-deployed inpainting model on a Vertex endpoint. Its containers scale every input to their own
 * square, so the frame is that square; every other ratio would come back distorted.
 */
export function endpointEngine(options: EndpointEngineOptions): InpaintEngine {
  const { post, codec, endpointId, sidePx = 1024, maxRequestBytes = defaultMaxRequestBytes } = options;
  if (!/^[\w-]+$/.test(endpointId)) {
    throw new EditError('CONFIG_INVALID', 'Expected ENDPOINT_ID to be the id of a Vertex endpoint');
  }
  const name = `endpoint:${endpointId}`;
  return {
    name,
    masks: 'native',
    frames: { kind: 'fixed', sizes: [{ width: sidePx, height: sidePx }] },
    async inpaint(request, signal) {
      const warnings = checkEditRequest(name, request, endpointHonours);
      const { crop, mask } = request;
      if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${name}, got none`);
      const budget = ((maxRequestBytes - envelopeBytes) * 3) / 4;
      const maskImage = await encodeWithin(codec, mask, budget / 2);
      const image = await encodeWithin(codec, crop, Math.floor(budget - maskImage.bytes.length));
      const body = endpointBody(request, { image: base64(image), mask: base64(maskImage) });
      const call = {
        path: `endpoints/${endpointId}:predict`,
        body,
        model: name,
        successor: undefined,
        secrets: [request.prompt, request.negativePrompt],
      };
      // One GPU: a second call at a time would only wait in its queue.
      const tasks = Array.from({ length: request.samples }, () => () => post(call, signal));
      const results = await inParallel(tasks, 1);
      const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.find((result) => result.status === 'rejected');
      const calls = answers.reduce((sum, answer) => sum + answer.calls, 0);
      if (failed && (answers.length === 0 || signal.aborted)) throw failed.reason;
      const missing = request.samples - answers.length;
      return {
        outcomes: requireImage(
          answers.flatMap(({ value }) => outcomesOf(value, name)),
          { model: name, calls },
        ),
        warnings:
          missing > 0 ? [...warnings, `${missing} of ${request.samples} candidates failed.`] : warnings,
        calls,
      };
    },
  };
}
