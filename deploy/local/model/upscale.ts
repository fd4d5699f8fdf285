import { z } from 'zod';
import type { Size } from '../../../lib/pixels/raster.ts';
import { ApiError, invalidField } from './api-error.ts';
import type { PlacedImage, ReplyParameters } from './edit-order.ts';
import { imageField, labelsField, outputFields, parseBody, safetyFields } from './fields.ts';
import type { Model } from './models.ts';

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

export interface UpscaleOrder {
  readonly image: PlacedImage;
  /** The size of the answer for an input of this size. */
  readonly sizeFor: (input: Size) => Size;
  readonly parameters: ReplyParameters;
}

/**
 * The enlargement an upscale body asks for.
 *
 * @throws {ApiError} 400 for everything the model does not take.
 */
export function upscaleOrder(body: unknown, model: Model): UpscaleOrder {
  const { instances, parameters } = parseBody(schema, body);
  const image = instances[0]?.image;
  if (image === undefined) throw invalidField('instances', 'Expected one instance');
  const asked = parameters.upscaleConfig?.upscaleFactor;
  const field = 'parameters.upscaleConfig.upscaleFactor';
  if (asked !== undefined && !model.upscaleFactors.includes(asked)) {
    throw invalidField(field, `${asked} is not supported by ${model.id}`);
  }
  const sizeFor = (input: Size): Size => {
    const factor = Number((asked ?? impliedFactor(input, parameters.sampleImageSize, model)).slice(1));
    const [width, height] = [input.width * factor, input.height * factor];
    if (width * height > maxOutputPixels) {
      throw new ApiError(
        400,
        `The output image of ${width}x${height} exceeds the limit of ${maxOutputPixels} pixels`,
      );
    }
    return { width, height };
  };
  return { image: { value: image, field: 'instances[0].image' }, sizeFor, parameters };
}

/** Without a factor: the smallest that brings the longer side to `sampleImageSize`. */
function impliedFactor(input: Size, sampleImageSize: string | undefined, model: Model): string {
  const target = sampleImageSize?.startsWith('4') ? 4096 : 2048;
  const longer = Math.max(input.width, input.height);
  const sufficient = model.upscaleFactors.find((factor) => longer * Number(factor.slice(1)) >= target);
  return sufficient ?? model.upscaleFactors.at(-1) ?? 'x2';
}
