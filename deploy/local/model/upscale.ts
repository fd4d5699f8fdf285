import { z } from 'zod';
import type { Size } from '../../../lib/pixels/raster.ts';
import { ApiError, invalidField } from './api-error.ts';
import { imagenDrift } from './drift.ts';
import { imageField, labelsField, outputFields, parseBody, safetyFields } from './fields.ts';
import { pixelsOf, readImage } from './images.ts';
import type { Model } from './models.ts';
import { resizeRgb } from './pixels.ts';
import { predictionsReply } from './predictions.ts';
import { hashOf } from './random.ts';
import type { Answering, Tools, Work } from './tools.ts';

const schema = z.strictObject({
  instances: z.array(z.strictObject({ prompt: z.string().optional(), image: imageField })).length(1),
  parameters: z.strictObject({
    ...safetyFields,
    ...outputFields,
    mode: z.literal('upscale'),
    sampleCount: z.literal(1).default(1),
    sampleImageSize: z.enum(['2K', '4K', '2048', '4096']).optional(),
    upscaleConfig: z
      .strictObject({
        upscaleFactor: z.enum(['x2', 'x3', 'x4']).optional(),
        enhanceInputImage: z.boolean().optional(),
        imagePreservationFactor: z.number().min(0).max(1).optional(),
      })
      .optional(),
  }),
  labels: labelsField.optional(),
});

/** The service refuses larger answers. */
const maxOutputPixels = 17_000_000;

/**
 * Reads an enlargement body.
 *
 * @throws {ApiError} 400 for everything the model refuses.
 */
export async function upscaleWork(model: Model, body: unknown, tools: Tools): Promise<Work> {
  const { instances, parameters } = parseBody(schema, body);
  const sent = instances[0]?.image;
  if (sent === undefined) throw invalidField('instances', 'Expected one instance');
  const asked = parameters.upscaleConfig?.upscaleFactor;
  const field = 'parameters.upscaleConfig.upscaleFactor';
  if (asked !== undefined && !model.upscaleFactors.includes(asked)) {
    throw invalidField(field, `${asked} is not supported by ${model.id}`);
  }
  const image = await readImage(sent, 'instances[0].image', tools.readObject);
  // `tools.scale` is not applied: the answer is a multiple of the input.
  const size = enlarged(image.facts, asked ?? impliedFactor(image.facts, parameters.sampleImageSize, model));
  const picture = await pixelsOf(image);
  const run = async ({ drift }: Answering) => {
    const draw = async () => drift(await resizeRgb(picture, size), imagenDrift, hashOf(image.bytes));
    return predictionsReply(parameters, draw, tools);
  };
  return { images: [image.facts], samples: 1, run };
}

/** @throws {ApiError} 400 when the answer would be too large. */
function enlarged(input: Size, factor: string): Size {
  const times = Number(factor.slice(1));
  const [width, height] = [input.width * times, input.height * times];
  if (width * height <= maxOutputPixels) return { width, height };
  throw new ApiError(
    400,
    `The output image of ${width}x${height} exceeds the limit of ${maxOutputPixels} pixels`,
  );
}

/** Without a factor: the smallest that brings the longer side to `sampleImageSize`. */
function impliedFactor(input: Size, sampleImageSize: string | undefined, model: Model): string {
  const target = sampleImageSize?.startsWith('4') ? 4096 : 2048;
  const longer = Math.max(input.width, input.height);
  const sufficient = model.upscaleFactors.find((factor) => longer * Number(factor.slice(1)) >= target);
  return sufficient ?? model.upscaleFactors.at(-1) ?? 'x2';
}
