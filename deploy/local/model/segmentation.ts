import { z } from 'zod';
import { dilate } from '../../../lib/pixels/mask.ts';
import type { Mask, Size } from '../../../lib/pixels/raster.ts';
import { invalidField } from './api-error.ts';
import { dilationField, imageField, labelsField, parseBody } from './fields.ts';
import { assertMaskFits, maskOf, readImage, type SentImage } from './images.ts';
import { automaticMask, ellipseMask } from './masks.ts';
import { encodeMask } from './pixels.ts';
import { hashOf } from './random.ts';
import type { Tools, Work } from './tools.ts';

const schema = z.strictObject({
  instances: z
    .array(
      z.strictObject({
        prompt: z.string().min(1).optional(),
        image: imageField,
        scribble: z.strictObject({ image: imageField }).optional(),
      }),
    )
    .length(1),
  parameters: z.strictObject({
    // Older clients write it in small letters.
    mode: z
      .string()
      .toUpperCase()
      .pipe(z.enum(['FOREGROUND', 'BACKGROUND', 'PROMPT', 'SEMANTIC', 'INTERACTIVE'])),
    maxPredictions: z.int().min(1).optional(),
    confidenceThreshold: z.number().min(0).max(1).optional(),
    maskDilation: dilationField.optional(),
    binaryColorThreshold: z.number().min(-1).lt(255).optional(),
  }),
  labels: labelsField.optional(),
});

/** How sure the stand-in is of everything it finds. */
const score = 0.93;
/** A rough stroke stands for this much around it, as a fraction of the width. */
const strokeReach = 0.08;

interface FoundMask {
  readonly mask: Mask;
  readonly label: string;
}

/**
 * Reads a body of `image-segmentation-001`. Like the other automatic masks of the emulator, the masks do not
 * depend on what the picture shows.
 *
 * @throws {ApiError} 400 for everything the service refuses.
 */
export async function segmentationWork(body: unknown, tools: Tools): Promise<Work> {
  const { instances, parameters } = parseBody(schema, body);
  const { prompt, image: sent, scribble: sentScribble } = instances[0]!;
  const { mode, maxPredictions, maskDilation = 0, binaryColorThreshold = softMask } = parameters;
  assertFields(mode, prompt, sentScribble !== undefined);
  const image = await readImage(sent, 'instances[0].image', tools.readObject);
  const scribble =
    sentScribble && (await readImage(sentScribble.image, 'instances[0].scribble.image', tools.readObject));
  if (scribble) assertMaskFits(image.facts, scribble.facts, scribble.field);
  return {
    images: [image.facts, ...(scribble ? [scribble.facts] : [])],
    samples: 1,
    run: async () => {
      const found = await masksFor(mode, { prompt, size: image.facts, scribble });
      const predictions = found.slice(0, maxPredictions).map(async ({ mask, label }) => {
        const grown = dilate(mask, Math.round(maskDilation * mask.width));
        const bytes = await encodeMask(grown, binaryColorThreshold === softMask);
        const labels = [{ label, score }];
        return { mimeType: 'image/png', bytesBase64Encoded: bytes.toString('base64'), labels };
      });
      return { predictions: await Promise.all(predictions) };
    },
  };
}

/** Asks for a mask with soft edges. */
const softMask = -1;

type Mode = z.output<typeof schema>['parameters']['mode'];

function assertFields(mode: Mode, prompt: string | undefined, hasScribble: boolean): void {
  const takesPrompt = mode === 'PROMPT' || mode === 'SEMANTIC';
  if (takesPrompt !== (prompt !== undefined)) {
    throw invalidField('instances[0].prompt', `Expected ${takesPrompt ? 'a' : 'no'} prompt for mode ${mode}`);
  }
  const takesScribble = mode === 'INTERACTIVE';
  if (takesScribble !== hasScribble) {
    const expected = takesScribble ? 'a' : 'no';
    throw invalidField('instances[0].scribble', `Expected ${expected} scribble for mode ${mode}`);
  }
}

async function masksFor(
  mode: Mode,
  {
    prompt = '',
    size,
    scribble,
  }: { prompt: string | undefined; size: Size; scribble: SentImage | undefined },
): Promise<readonly FoundMask[]> {
  switch (mode) {
    case 'FOREGROUND':
    case 'BACKGROUND': {
      const kind = mode === 'FOREGROUND' ? 'foreground' : 'background';
      return [{ mask: automaticMask({ kind, classes: [] }, size), label: kind }];
    }
    case 'INTERACTIVE': {
      const stroke = scribble
        ? await maskOf(scribble)
        : automaticMask({ kind: 'foreground', classes: [] }, size);
      return [{ mask: dilate(stroke, strokeReach * size.width), label: 'object' }];
    }
    case 'PROMPT':
      return [{ mask: ellipseMask(wordHash(prompt), size), label: 'object' }];
    case 'SEMANTIC':
      return prompt.split(',').map((name) => {
        const label = name.trim();
        return { mask: ellipseMask(wordHash(label), size), label };
      });
  }
}

const wordHash = (words: string): number => hashOf(Buffer.from(words));
