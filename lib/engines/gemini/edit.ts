import { EditError } from '../../errors.ts';
import { boundingBox } from '../../pixels/box.ts';
import type { EncodedImage, EngineCodec, InpaintEngine, InpaintOutcome, InpaintRequest } from '../engine.ts';
import type { EngineOptions } from '../entry.ts';
import { frameFor, type GeminiFrame, geminiFrames } from '../gemini-frames.ts';
import { imageSize } from '../image-size.ts';
import { base64, encodeWithin } from '../images.ts';
import type { ModelEntry } from '../model-entry.ts';
import { batchReply } from './batch-reply.ts';
import { askGemini, geminiConfig, geminiModel } from './call.ts';
import { markRegion } from './mark-region.ts';
import { editPrompt, findingPrompt } from './prompt.ts';

/** Inline images may have 7 MB each. */
const maxCropBytes = 7_000_000;
/** The marked copy only points: half the crop's budget keeps the whole request below 20 MB. */
const maxMarkedBytes = 3_500_000;

/**
 * Edits by Gemini image models (`gemini-nano-banana-2.1`, ...), which take no mask: the model sees the crop
 * and a copy with the region marked, and is told what to do there. What it changes elsewhere never counts:
 * the caller registers its answer and composites by the mask.
 */
export function geminiEngine(options: EngineOptions): InpaintEngine {
  const { codec } = options;
  const gemini = geminiModel(options);
  const { name } = gemini;
  const frames = geminiFrames(gemini.entry);
  const bodyOf = async (request: InpaintRequest) => {
    const asked = { request, frame: frameFor(request.crop, frames), entry: gemini.entry };
    return editBody(asked, await contentsOf(request, name, codec));
  };
  return {
    name,
    batch: {
      model: gemini.model,
      location: gemini.location,
      bodyOf,
      replyOf: (request, answers) => {
        const reply = batchReply(gemini, answers, secretsOf(request));
        const frame = frameFor(request.crop, frames);
        return { ...reply, warnings: [...reply.warnings, ...sizeWarnings(name, reply.outcomes, frame)] };
      },
    },
    frames: { kind: 'fixed', sizes: frames.map(({ width, height }) => ({ width, height })) },
    async inpaint(request, signal) {
      const { crop, samples } = request;
      const frame = frameFor(crop, frames);
      const body = await bodyOf(request);
      const reply = await askGemini(gemini, { body, samples, secrets: secretsOf(request) }, signal);
      return { ...reply, warnings: [...reply.warnings, ...sizeWarnings(name, reply.outcomes, frame)] };
    },
  };
}

const secretsOf = ({ prompt, negativePrompt, automaticMask }: InpaintRequest) => [
  prompt,
  negativePrompt,
  automaticMask?.words,
];

interface Contents {
  readonly text: string;
  readonly images: readonly EncodedImage[];
}

/** What the model is told and shown: the crop, and a copy with the region marked where there is one. */
async function contentsOf(request: InpaintRequest, name: string, codec: EngineCodec): Promise<Contents> {
  const { crop, mask, automaticMask } = request;
  const image = await encodeWithin(codec, crop, maxCropBytes);
  if (automaticMask !== undefined) return { text: findingPrompt(automaticMask), images: [image] };
  const region = mask && boundingBox(mask);
  if (!mask || !region) {
    throw new EditError('MASK_EMPTY', `Expected a region to edit for ${name}, got none`);
  }
  const marked = await encodeWithin(codec, markRegion(crop, mask), maxMarkedBytes);
  return { text: editPrompt({ ...request, region }), images: [image, marked] };
}

interface Asked {
  readonly request: InpaintRequest;
  readonly frame: GeminiFrame;
  readonly entry: ModelEntry | undefined;
}

function editBody({ request, frame, entry }: Asked, { text, images }: Contents): Record<string, unknown> {
  const inline = images.map((image) => ({
    inlineData: { mimeType: image.mediaType, data: base64(image) },
  }));
  return {
    contents: [{ role: 'user', parts: [{ text }, ...inline] }],
    ...geminiConfig(request, frame, entry),
  };
}

/** Answers of another size than asked for were seen; the caller resamples them, and should know. */
function sizeWarnings(
  engine: string,
  outcomes: readonly InpaintOutcome[],
  frame: GeminiFrame,
): readonly string[] {
  return outcomes.flatMap((outcome) => {
    const size = outcome.kind === 'image' ? imageSize(outcome.image.bytes) : undefined;
    if (!size || (size.width === frame.width && size.height === frame.height)) return [];
    const asked = `${frame.width} x ${frame.height}`;
    return [`${engine} was asked for ${asked} and answered ${size.width} x ${size.height}.`];
  });
}
