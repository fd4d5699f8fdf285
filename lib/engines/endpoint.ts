import { z } from 'zod';
import { EditError } from '../errors.ts';
import type { InpaintEngine, InpaintOutcome, InpaintRequest } from './engine.ts';
import type { EngineEntry, EngineOptions } from './entry.ts';
import { base64, encodeWithin, imageOutcome } from './images.ts';
import { askForSamples } from './samples.ts';

/** A self-deployed inpainting model on a Vertex endpoint. */
export const endpoint: EngineEntry = {
  capabilities: {
    modes: ['removal', 'insertion'],
    masks: 'native',
    maxCallsPerSample: 1,
    options: {
      prompt: { note: 'required for insertion' },
      negativePrompt: {},
      samples: { range: [1, 4], note: 'one call each' },
      steps: { range: [1, 75], default: 'left to the container' },
    },
  },
  make: endpointEngine,
};

/** Shared public endpoints refuse requests over 1.5 MB; dedicated ones take 10 MB. */
const maxRequestBytes = 1_500_000;
/** Prompt, field names and braces. */
const envelopeBytes = 20_000;
/** What is left for the two pictures: base64 takes 4 bytes for 3. */
const maxImageBytes = ((maxRequestBytes - envelopeBytes) * 3) / 4;
/** Containers scale every input to their own square; every other ratio would come back distorted. */
const side = { width: 1024, height: 1024 };

async function endpointEngine(options: EngineOptions): Promise<InpaintEngine> {
  const { postFor } = await import('./vertex/model.ts');
  const { codec, tuning } = options;
  const endpointId = options.model ?? options.settings.endpointId;
  if (endpointId === undefined) {
    throw new EditError('CONFIG_INVALID', 'Expected ENDPOINT_ID for the engine endpoint, got none');
  }
  if (!/^[\w-]+$/.test(endpointId)) {
    throw new EditError('CONFIG_INVALID', 'Expected ENDPOINT_ID to be the id of a Vertex endpoint');
  }
  const name = `endpoint:${endpointId}`;
  const post = postFor(options);
  return {
    name,
    frames: { kind: 'fixed', sizes: [side] },
    async inpaint(request, signal) {
      const { crop, mask, samples, prompt, negativePrompt } = request;
      if (mask === undefined) throw new EditError('MASK_MISSING', `Expected a mask for ${name}, got none`);
      const maskImage = await encodeWithin(codec, mask, maxImageBytes / 2);
      const image = await encodeWithin(codec, crop, Math.floor(maxImageBytes - maskImage.bytes.length));
      const call = {
        path: `endpoints/${endpointId}:predict`,
        body: endpointBody(request, { image: base64(image), mask: base64(maskImage) }),
        model: name,
        successor: undefined,
        secrets: [prompt, negativePrompt],
      };
      const ask = async (send: () => Promise<unknown>) => outcomesOf(await send(), name);
      // One GPU: a second call at a time would only wait in its queue.
      const { concurrency = 1 } = tuning;
      return askForSamples(
        { model: name, post: () => post(call, signal), samples, concurrency, ask },
        signal,
      );
    },
  };
}

/** The body the inpainting containers of Model Garden take (SDXL, Kandinsky). */
function endpointBody(request: InpaintRequest, images: { readonly image: string; readonly mask: string }) {
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

/** A prediction is a base64 image; a container that failed on one answers `null` or the like. */
function outcomesOf(value: unknown, model: string): readonly InpaintOutcome[] {
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
