import { z } from 'zod';
import { maxMaskClasses } from './mask-classes.ts';
import { parseWith, shapeOf } from './schema.ts';

/** The fields of a request that say what is to be masked. */
interface MaskFields {
  readonly maskMode?: string | undefined;
  readonly maskClasses?: readonly number[] | undefined;
  readonly maskPrompt?: string | undefined;
}

/** Fields that do not go together. */
export interface Rule<Fields> {
  readonly field: string;
  readonly message: (request: Fields) => string;
  readonly isBroken: (request: Fields) => boolean;
}

const classCount = ({ maskClasses }: MaskFields) => maskClasses?.length ?? 0;

export const maskRules: readonly Rule<MaskFields>[] = [
  {
    field: 'maskClasses',
    message: (request) =>
      `expected 1 to ${maxMaskClasses} classes for maskMode semantic, got ${classCount(request)}`,
    isBroken: (request) =>
      request.maskMode === 'semantic' && (classCount(request) < 1 || classCount(request) > maxMaskClasses),
  },
  {
    field: 'maskClasses',
    message: () => 'expected maskMode semantic beside classes',
    isBroken: (request) => request.maskMode !== 'semantic' && classCount(request) > 0,
  },
  {
    field: 'maskPrompt',
    message: () => 'expected words for maskMode prompt, got none',
    isBroken: ({ maskMode, maskPrompt }) => maskMode === 'prompt' && maskPrompt === undefined,
  },
  {
    field: 'maskPrompt',
    message: () => 'expected maskMode prompt beside words',
    isBroken: ({ maskMode, maskPrompt }) => maskMode !== 'prompt' && maskPrompt !== undefined,
  },
];

/** Reports every rule that a request breaks. */
export function checkRules<Fields>(
  request: Fields,
  rules: readonly Rule<Fields>[],
  context: Pick<z.core.$RefinementCtx, 'addIssue'>,
): void {
  for (const { field, message, isBroken } of rules) {
    if (isBroken(request)) context.addIssue({ code: 'custom', path: [field], message: message(request) });
  }
}

/** What the function `mask` is asked for. `maskMode` may be missing only beside a scribble. */
export const maskRequestSchema = z
  .strictObject(shapeOf('mask'))
  .superRefine((request, context) => checkRules(request, maskRules, context));

export type MaskRequest = z.infer<typeof maskRequestSchema>;

/** @throws {EditError} `REQUEST_INVALID` naming each field that is wrong. */
export function parseMaskRequest(value: unknown): MaskRequest {
  return parseWith(maskRequestSchema, value);
}
