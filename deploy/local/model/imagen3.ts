import { z } from 'zod';
import { ApiError, invalidField } from './api-error.ts';
import {
  checkSampling,
  dilationField,
  type EditOrder,
  imageField,
  labelsField,
  maskClassesField,
  outputFields,
  parseBody,
  safetyFields,
  samplingFields,
} from './fields.ts';

const rawReference = z.strictObject({
  referenceType: z.literal('REFERENCE_TYPE_RAW'),
  referenceId: z.int().min(0),
  referenceImage: imageField,
});
const maskReference = z.strictObject({
  referenceType: z.literal('REFERENCE_TYPE_MASK'),
  referenceId: z.int().min(0),
  referenceImage: imageField.optional(),
  maskImageConfig: z.strictObject({
    maskMode: z.enum([
      'MASK_MODE_USER_PROVIDED',
      'MASK_MODE_BACKGROUND',
      'MASK_MODE_FOREGROUND',
      'MASK_MODE_SEMANTIC',
    ]),
    maskClasses: maskClassesField.optional(),
    dilation: dilationField.optional(),
  }),
});
type MaskReference = z.output<typeof maskReference>;

const editModes = [
  'EDIT_MODE_INPAINT_REMOVAL',
  'EDIT_MODE_INPAINT_INSERTION',
  'EDIT_MODE_OUTPAINT',
  'EDIT_MODE_BGSWAP',
] as const;

const schema = z.strictObject({
  instances: z
    .array(
      z.strictObject({
        prompt: z.string(),
        referenceImages: z
          .array(z.discriminatedUnion('referenceType', [rawReference, maskReference]))
          .length(2),
      }),
    )
    .length(1),
  parameters: z.strictObject({
    ...samplingFields,
    ...safetyFields,
    ...outputFields,
    editMode: z.enum(editModes),
    editConfig: z.strictObject({ baseSteps: z.int().min(1).max(75).optional() }).optional(),
  }),
  labels: labelsField.optional(),
});

/** As the reference pages have it. */
const defaultDilation = 0.01;
const instance = 'instances[0]';

/**
 * Reads the edit that an Imagen 3 body asks for.
 *
 * @throws {ApiError} 400 for everything the API refuses.
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api-edit
 */
export function imagen3Order(body: unknown): EditOrder {
  const { instances, parameters } = parseBody(schema, body);
  checkSampling(parameters);
  const references = instances[0]?.referenceImages ?? [];
  const raw = references.find((item) => item.referenceType === 'REFERENCE_TYPE_RAW');
  const mask = references.find((item) => item.referenceType === 'REFERENCE_TYPE_MASK');
  if (raw === undefined || mask === undefined) {
    throw invalidField(`${instance}.referenceImages`, 'Expected one raw and one mask reference image');
  }
  if (raw.referenceId === mask.referenceId) {
    throw invalidField(`${instance}.referenceImages`, 'Reference ids must be unique');
  }
  const at = references.indexOf(mask);
  return {
    mode: modeOf(parameters.editMode),
    image: { value: raw.referenceImage, field: `${instance}.referenceImages[${1 - at}].referenceImage` },
    ...maskOrder(mask, `${instance}.referenceImages[${at}]`),
    dilation: mask.maskImageConfig.dilation ?? defaultDilation,
    parameters,
  };
}

function modeOf(editMode: (typeof editModes)[number]): EditOrder['mode'] {
  if (editMode === 'EDIT_MODE_INPAINT_REMOVAL') return 'removal';
  if (editMode === 'EDIT_MODE_INPAINT_INSERTION') return 'insertion';
  throw new ApiError(501, `${editMode} is not supported by this emulator`);
}

function maskOrder(mask: MaskReference, field: string): Pick<EditOrder, 'mask' | 'automatic'> {
  const { referenceImage, maskImageConfig } = mask;
  const { maskMode, maskClasses } = maskImageConfig;
  const isSemantic = maskMode === 'MASK_MODE_SEMANTIC';
  if (isSemantic !== (maskClasses !== undefined)) {
    const expected = isSemantic ? 'Expected 1 to 5 classes' : `Expected no classes for ${maskMode}`;
    throw invalidField(`${field}.maskImageConfig.maskClasses`, expected);
  }
  if (maskMode === 'MASK_MODE_USER_PROVIDED') {
    if (referenceImage === undefined) {
      throw invalidField(`${field}.referenceImage`, `Expected a mask image for ${maskMode}`);
    }
    return { mask: { value: referenceImage, field: `${field}.referenceImage` }, automatic: undefined };
  }
  if (referenceImage !== undefined) {
    throw invalidField(`${field}.referenceImage`, `Expected no mask image for ${maskMode}`);
  }
  const kinds = { MASK_MODE_BACKGROUND: 'background', MASK_MODE_FOREGROUND: 'foreground' } as const;
  const kind = maskMode === 'MASK_MODE_SEMANTIC' ? 'semantic' : kinds[maskMode];
  return { mask: undefined, automatic: { kind, classes: maskClasses ?? [] } };
}
