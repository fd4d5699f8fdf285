import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { Behaviour } from './behaviour.ts';
import { disturb, imagenDrift } from './disturb.ts';
import { parseBody } from './fields.ts';
import { paintEdit } from './paint-edit.ts';
import { type Rgb, resizeMask, resizeRgb } from './pixels.ts';
import { encodeAnswer } from './predictions.ts';
import { hashOf } from './random.ts';
import { assertMaskFits, maskOf, pixelsOf, readImage, type SentImage } from './read-image.ts';
import type { Tools, Work } from './work.ts';

const base64Field = z.string().min(1);
const schema = z.strictObject({
  instances: z
    .array(
      z.strictObject({
        prompt: z.string(),
        image: base64Field,
        mask_image: base64Field,
        negative_prompt: z.string().optional(),
        num_inference_steps: z.int().min(1).max(500).optional(),
        guidance_scale: z.number().optional(),
        strength: z.number().min(0).max(1).optional(),
        seed: z.int().optional(),
      }),
    )
    .min(1),
  parameters: z.record(z.string(), z.unknown()).optional(),
});

/** The containers scale every input to a square of this side. */
const sidePx = 1024;

interface Job {
  readonly image: SentImage;
  readonly mask: SentImage;
  readonly mode: 'removal' | 'insertion';
}

/**
 * A body for the inpainting containers of Model Garden (SDXL, Kandinsky) -> the work it asks for.
 * An instance without a prompt is a removal.
 *
 * @throws {ApiError} 400 for everything the containers do not take.
 */
export async function endpointWork(body: unknown, tools: Tools): Promise<Work> {
  const { instances } = parseBody(schema, body);
  const jobs: Job[] = [];
  for (const [n, instance] of instances.entries()) {
    const at = `instances[${n}]`;
    const read = (bytesBase64Encoded: string, field: string) =>
      readImage({ bytesBase64Encoded }, field, tools.readObject);
    const image = await read(instance.image, `${at}.image`);
    const mask = await read(instance.mask_image, `${at}.mask_image`);
    assertMaskFits(image.facts, mask.facts, mask.field);
    jobs.push({ image, mask, mode: instance.prompt.trim() === '' ? 'removal' : 'insertion' });
  }
  return {
    images: jobs.flatMap(({ image, mask }) => [image.facts, mask.facts]),
    samples: jobs.length,
    run: async (behaviour, signal) => {
      if (behaviour.refusal)
        throw new ApiError(400, 'Potential NSFW content was detected by the safety checker');
      if (behaviour.empty) return { predictions: [] };
      // A container whose safety checker stepped in answers nothing for that instance.
      const isFiltered = (n: number) =>
        behaviour.filtered === 'all' || n >= jobs.length - (behaviour.filtered ?? 0);
      const predictions = await Promise.all(
        jobs.map(async (job, n) => (isFiltered(n) ? null : answerTo(job, tools, behaviour, signal))),
      );
      return { predictions };
    },
  };
}

async function answerTo(job: Job, tools: Tools, behaviour: Behaviour, signal: AbortSignal): Promise<string> {
  const side = Math.max(1, Math.round(sidePx * tools.scale));
  const size = { width: side, height: side };
  const crop: Rgb = await resizeRgb(await pixelsOf(job.image), size);
  const mask = await resizeMask(await maskOf(job.mask), size);
  const order = { mode: job.mode, crop, mask, dilation: 0, samples: 1 };
  const [painted] = await paintEdit(order, tools.removal, behaviour, signal);
  const answer = await disturb(painted ?? crop, imagenDrift, behaviour, hashOf(job.image.bytes));
  return (await encodeAnswer(answer, 'image/png', undefined, behaviour)).toString('base64');
}
