import { ApiError } from './api-error.ts';
import { imagenDrift } from './drift.ts';
import type { EditOrder } from './fields.ts';
import { generateWork } from './generate.ts';
import { imagen2Order } from './imagen2.ts';
import { imagen3Order } from './imagen3.ts';
import { assertMaskFits, maskOf, pixelsOf, readImage } from './images.ts';
import { automaticMask } from './masks.ts';
import type { Model, Protocol } from './models.ts';
import { paintEdit } from './painting.ts';
import { fitSide, resizeMask, resizeRgb } from './pixels.ts';
import { predictionsReply } from './predictions.ts';
import { hashOf } from './random.ts';
import { segmentationWork } from './segmentation.ts';
import type { Answering, Tools, Work } from './tools.ts';
import { upscaleWork } from './upscale.ts';

/** Longer side of what the mask-edit models answer. */
const editSidePx = 1024;

/**
 * Reads a `:predict` body for a Google-published model.
 *
 * @throws {ApiError} 400 for a malformed body, or a model that is not served by this method.
 */
export async function predictWork(model: Model, body: unknown, tools: Tools): Promise<Work> {
  switch (protocolOf(model, body)) {
    case 'imagen3-edit':
      return editWork(imagen3Order(body), tools);
    case 'imagen2-edit':
      return editWork(imagen2Order(body), tools);
    case 'upscale':
      return upscaleWork(model, body, tools);
    case 'segmentation':
      return segmentationWork(body, tools);
    case 'generate':
      return generateWork(model, body, tools);
    case 'gemini':
      throw new ApiError(400, `${model.id} cannot be accessed through the Vertex Predict API`, {
        status: 'FAILED_PRECONDITION',
      });
  }
}

/** Some models edit and generate: a body with pictures asks for the first. */
function protocolOf({ protocols }: Model, body: unknown): Protocol {
  const [first = 'generate', second] = protocols;
  if (second === undefined) return first;
  const { instances, parameters } = (body ?? {}) as { instances?: unknown; parameters?: { mode?: unknown } };
  const instance: unknown = Array.isArray(instances) ? instances[0] : undefined;
  const hasPicture = ['referenceImages', 'image', 'mask'].some((key) => key in Object(instance ?? {}));
  const other = protocols.find((protocol) => protocol !== 'generate') ?? first;
  return hasPicture || parameters?.mode === 'upscale' ? other : 'generate';
}

async function editWork(order: EditOrder, tools: Tools): Promise<Work> {
  const image = await readImage(order.image.value, order.image.field, tools.readObject);
  const sentMask = order.mask && (await readImage(order.mask.value, order.mask.field, tools.readObject));
  if (sentMask) assertMaskFits(image.facts, sentMask.facts, sentMask.field);
  const picture = await pixelsOf(image);
  const mask = sentMask
    ? await maskOf(sentMask)
    : automaticMask(order.automatic ?? { kind: 'foreground', classes: [] }, picture);
  const { parameters, mode, dilation } = order;
  const samples = parameters.sampleCount;
  const run = async ({ gone, drift }: Answering) => {
    const size = fitSide(picture, Math.max(1, Math.round(editSidePx * tools.scale)));
    const crop = await resizeRgb(picture, size);
    const sized = await resizeMask(mask, size);
    const painted = await paintEdit({ mode, crop, mask: sized, dilation, samples }, tools.removal, gone);
    const draw = async (n: number) => drift(painted[n] ?? crop, imagenDrift, hashOf(image.bytes, n));
    return predictionsReply(parameters, draw, tools);
  };
  return { images: [image.facts, ...(sentMask ? [sentMask.facts] : [])], samples, run };
}
