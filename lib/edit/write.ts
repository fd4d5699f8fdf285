import { EditError } from '../errors.ts';
import type { Encoding, Format, PatchJob, Written } from '../formats/format.ts';
import { formatNamed } from '../formats/formats.ts';
import type { Source } from '../formats/vips/read.ts';
import { intersect } from '../pixels/box.ts';
import type { EditRequest } from '../requests/edit-request.ts';

/** The format of the outputs. */
export interface OutputFormat {
  readonly format: Format;
  /** `undefined` keeps the encoding of the photo. */
  readonly encoding: Encoding | undefined;
}

/**
 * The format that a request asks for.
 *
 * @throws {EditError} `KIND_UNSUPPORTED` when it cannot hold the picture.
 */
export function outputFormatOf(
  { header }: Source,
  { outputFormat, outputQuality: quality }: Pick<EditRequest, 'outputFormat' | 'outputQuality'>,
): OutputFormat {
  const format = formatNamed(outputFormat === 'same' ? header.format : outputFormat);
  if (outputFormat === 'same' && quality === undefined) return { format, encoding: undefined };
  const refusal = format.refusal?.(header);
  if (refusal !== undefined) throw new EditError('KIND_UNSUPPORTED', refusal);
  return { format, encoding: quality === undefined ? {} : { quality } };
}

/**
 * Writes the photo with its patches.
 *
 * @throws {EditError} `SHAPE_MISMATCH` when patches overlap, as their sum is written.
 */
export async function writeOutput(
  { format, encoding }: OutputFormat,
  job: Omit<PatchJob, 'encoding'>,
): Promise<Written> {
  for (const [i, { box }] of job.patches.entries()) {
    if (job.patches.slice(i + 1).every((other) => intersect(box, other.box) === undefined)) continue;
    throw new EditError('SHAPE_MISMATCH', 'Expected patches that share no pixel, got two that overlap');
  }
  return format.patch({ ...job, encoding });
}
