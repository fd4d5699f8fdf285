import { z } from 'zod';
import { imagenDrift } from './drift.ts';
import { parseBody } from './fields.ts';
import { assertMaskFits, maskOf, pixelsOf, readImage } from './images.ts';
import { paintEdit } from './painting.ts';
import { encodeRgb } from './pixels.ts';
import { hashOf } from './random.ts';
import type { Tools, Work } from './tools.ts';

const schema = z.strictObject({ image: z.string().min(1), mask: z.string().min(1) });

/** How `HTTP_ENGINE` asks this emulator. */
export const removerMap = (modelUrl: string) => ({
  url: `${modelUrl}/remove`,
  body: 'json' as const,
  answer: { as: 'base64' as const, at: 'image' },
});

/**
 * Reads a body for a removal service that takes a mask, white where things go, and answers a picture of the
 * size that it was sent.
 *
 * @throws {ApiError} 400
 */
export async function removerWork(body: unknown, tools: Tools): Promise<Work> {
  const sent = parseBody(schema, body);
  const read = (bytesBase64Encoded: string, field: string) =>
    readImage({ bytesBase64Encoded }, field, tools.readObject);
  const image = await read(sent.image, 'image');
  const mask = await read(sent.mask, 'mask');
  assertMaskFits(image.facts, mask.facts, 'mask');
  return {
    images: [image.facts, mask.facts],
    samples: 1,
    run: async ({ gone, drift }) => {
      const crop = await pixelsOf(image);
      const order = { mode: 'removal', crop, mask: await maskOf(mask), dilation: 0, samples: 1 } as const;
      const [painted] = await paintEdit(order, tools.removal, gone);
      const answer = drift(painted ?? crop, imagenDrift, hashOf(image.bytes));
      const bytes = await encodeRgb(answer, { mimeType: 'image/png', compressionQuality: undefined });
      return { image: bytes.toString('base64') };
    },
  };
}
