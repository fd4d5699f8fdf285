import { z } from 'zod';
import { imagenDrift } from './drift.ts';
import { parseBody } from './fields.ts';
import { assertMaskFits, maskOf, pixelsOf, readImage, type SentImage } from './images.ts';
import { paintEdit } from './painting.ts';
import { encodeRgb, type Rgb, resizeMask, resizeRgb } from './pixels.ts';
import { hashOf } from './random.ts';
import type { Answering, Tools, Work } from './tools.ts';

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
 * Reads a body for the inpainting containers of Model Garden (SDXL, Kandinsky). An instance without a prompt
 * is a removal.
 *
 * @throws {ApiError} 400 for everything the containers refuse.
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
    run: async (answering) => ({
      predictions: await Promise.all(jobs.map((job) => answerTo(job, tools, answering))),
    }),
  };
}

async function answerTo(job: Job, tools: Tools, { gone, drift }: Answering): Promise<string> {
  const side = Math.max(1, Math.round(sidePx * tools.scale));
  const size = { width: side, height: side };
  const crop: Rgb = await resizeRgb(await pixelsOf(job.image), size);
  const mask = await resizeMask(await maskOf(job.mask), size);
  const order = { mode: job.mode, crop, mask, dilation: 0, samples: 1 };
  const [painted] = await paintEdit(order, tools.removal, gone);
  const answer = drift(painted ?? crop, imagenDrift, hashOf(job.image.bytes));
  const bytes = await encodeRgb(answer, { mimeType: 'image/png', compressionQuality: undefined });
  return bytes.toString('base64');
}
