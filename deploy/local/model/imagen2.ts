import { z } from 'zod';
import { invalidField } from './api-error.ts';
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

const { guidanceScale, ...sampling } = samplingFields;

const schema = z.strictObject({
  instances: z
    .array(
      z.strictObject({
        prompt: z.string(),
        image: imageField,
        mask: z.strictObject({ image: imageField }).optional(),
      }),
    )
    .length(1),
  parameters: z.strictObject({
    ...sampling,
    ...safetyFields,
    ...outputFields,
    editConfig: z.strictObject({
      editMode: z.enum(['inpainting-remove', 'inpainting-insert']),
      maskMode: z
        .strictObject({
          maskType: z.enum(['background', 'foreground', 'semantic']),
          classes: maskClassesField.optional(),
        })
        .optional(),
      maskDilation: dilationField.default(0.03),
      guidanceScale,
    }),
  }),
  labels: labelsField.optional(),
});

const maskModeField = 'parameters.editConfig.maskMode';

/**
 * Reads the edit that an Imagen 2 body asks for: mode and automatic mask are in its `editConfig`.
 *
 * @throws {ApiError} 400 for everything the API refuses.
 */
export function imagen2Order(body: unknown): EditOrder {
  const { instances, parameters } = parseBody(schema, body);
  checkSampling(parameters);
  const instance = instances[0];
  if (instance === undefined) throw invalidField('instances', 'Expected one instance');
  const { editMode, maskMode, maskDilation } = parameters.editConfig;
  if ((instance.mask === undefined) === (maskMode === undefined)) {
    throw invalidField(maskModeField, 'Expected either a mask image or a mask mode');
  }
  if (maskMode && (maskMode.maskType === 'semantic') !== (maskMode.classes !== undefined)) {
    throw invalidField(`${maskModeField}.classes`, 'Expected 1 to 5 classes for semantic, and only there');
  }
  return {
    mode: editMode === 'inpainting-remove' ? 'removal' : 'insertion',
    image: { value: instance.image, field: 'instances[0].image' },
    mask: instance.mask && { value: instance.mask.image, field: 'instances[0].mask.image' },
    automatic: maskMode && { kind: maskMode.maskType, classes: maskMode.classes ?? [] },
    dilation: maskDilation,
    parameters,
  };
}
