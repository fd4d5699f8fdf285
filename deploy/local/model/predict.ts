import { ApiError } from './api-error.ts';
import { automaticMask } from './automatic-mask.ts';
import { disturb, imagenDrift } from './disturb.ts';
import type { EditOrder } from './edit-order.ts';
import { generateOrder } from './generate.ts';
import { imagen2Order } from './imagen2.ts';
import { imagen3Order } from './imagen3.ts';
import type { Model, Protocol } from './models.ts';
import { paintEdit } from './paint-edit.ts';
import { fitSide, resizeMask, resizeRgb } from './pixels.ts';
import { placeholderPicture } from './placeholder.ts';
import { predictionsReply } from './predictions.ts';
import { hashOf } from './random.ts';
import { assertMaskFits, maskOf, pixelsOf, readImage } from './read-image.ts';
import { upscaleOrder } from './upscale.ts';
import type { Tools, Work } from './work.ts';

/** Longer side of what the mask-edit models answer. */
const editSidePx = 1024;

/**
 * A `:predict` body for a Google-published model -> the work it asks for.
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
  const instance = (Array.isArray(instances) ? (instances[0] ?? {}) : {}) as Readonly<
    Record<string, unknown>
  >;
  const hasPicture = ['referenceImages', 'image', 'mask'].some((key) => key in Object(instance));
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
  return {
    images: [image.facts, ...(sentMask ? [sentMask.facts] : [])],
    samples,
    run: async (behaviour, signal) => {
      const size = fitSide(picture, Math.max(1, Math.round(editSidePx * tools.scale)));
      const crop = await resizeRgb(picture, size);
      const sized = await resizeMask(mask, size);
      let painted: ReturnType<typeof paintEdit> | undefined;
      const draw = async (n: number) => {
        painted ??= paintEdit(
          { mode, crop, mask: sized, dilation, samples },
          tools.removal,
          behaviour,
          signal,
        );
        return disturb((await painted)[n] ?? crop, imagenDrift, behaviour, hashOf(image.bytes, n));
      };
      return predictionsReply(parameters, draw, behaviour, tools);
    },
  };
}

async function generateWork(model: Model, body: unknown, tools: Tools): Promise<Work> {
  const { size, aspectRatio, enhancesPrompt, parameters } = generateOrder(body, model);
  return {
    images: [],
    samples: parameters.sampleCount,
    run: async (behaviour) => {
      const scaled = fitSide(size, Math.max(size.width, size.height) * tools.scale);
      const draw = (n: number) =>
        disturb(placeholderPicture(scaled, `generated ${aspectRatio}`, n), imagenDrift, behaviour, n);
      // Not the prompt that was sent: the emulator repeats none.
      const enhanced = enhancesPrompt ? 'A placeholder, in the words of a rewriting model.' : undefined;
      return predictionsReply(parameters, draw, behaviour, tools, enhanced);
    },
  };
}

async function upscaleWork(model: Model, body: unknown, tools: Tools): Promise<Work> {
  const order = upscaleOrder(body, model);
  const image = await readImage(order.image.value, order.image.field, tools.readObject);
  // The answer is as large as the input says: no scale, or a factor of 2 would not be one.
  const size = order.sizeFor(image.facts);
  const picture = await pixelsOf(image);
  return {
    images: [image.facts],
    samples: 1,
    run: async (behaviour) => {
      const draw = async () =>
        disturb(await resizeRgb(picture, size), imagenDrift, behaviour, hashOf(image.bytes));
      return predictionsReply(order.parameters, draw, behaviour, tools);
    },
  };
}
