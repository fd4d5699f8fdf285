import type { EditResult } from '../lib/edit.ts';
import { safeName } from '../lib/http-jobs/names.ts';
import { shortList } from '../lib/requests/schema.ts';

/**
 * The headers that tell of a picture, and what each says: pages of other sites may read them, and
 * docs/http.md lists them.
 */
export const answerHeaders = {
  'Inpaint-Engine': 'who painted: the engine, and its model after a colon',
  'Inpaint-Proof':
    'what was compared outside the mask: `exact; differing=0`; `touched-blocks; differing=3102`, where so many ' +
    'pixels of a JPEG share a block with the edge of the mask and changed by some levels; `re-encoded; ' +
    'differing=...`, where a JPEG had to be compressed again',
  'Inpaint-Candidates': 'pictures that were made; the best one is the body',
  'Inpaint-Cost-Usd': 'what the calls of models cost by list price; left out where a price is not known',
  'Inpaint-Warnings': 'what you should know, in sentences with a bar between them',
  'Inpaint-Dropped-Metadata':
    'metadata that were not kept, such as a thumbnail that shows the removed object',
  'Inpaint-Finder': 'who found the mask, where nobody sent one',
  'Inpaint-Mask-Coverage': 'the share of the picture that this mask covers, 0 to 1',
  'Inpaint-Mask-Labels': 'what was found, each with its score from 0 to 1 where the finder gives one',
  'Content-Disposition': 'a name for the file: `photo.edited.jpg`',
} as const;

type AnswerHeaders = Readonly<Partial<Record<keyof typeof answerHeaders, string>>>;

/** Proxies cut headers off at 8 to 16 KiB, all together. */
const maxHeaderChars = 2000;

/** What the report of an edit says, for who asked for the picture alone. */
export function editHeaders({ outputs, report, costEstimateUsd }: EditResult): AnswerHeaders {
  const proof = outputs[0]?.proof;
  return {
    'Inpaint-Engine': headerText(report.engine),
    ...(proof && { 'Inpaint-Proof': `${proof.outside}; differing=${proof.differingPixels}` }),
    ...(report.mask && maskHeaders(report.mask, report.maskCoverage)),
    'Inpaint-Candidates': String(outputs.length),
    ...(costEstimateUsd !== undefined && { 'Inpaint-Cost-Usd': String(Number(costEstimateUsd.toFixed(6))) }),
    ...warningHeaders(report.warnings),
    ...(report.droppedMetadata.length > 0 && {
      'Inpaint-Dropped-Metadata': headerText(shortList(report.droppedMetadata)),
    }),
  };
}

const coverageDigits = 4;

/** What was found where nobody sent a mask. */
export function maskHeaders(
  { finder, found }: NonNullable<EditResult['report']['mask']>,
  coverage: number,
): AnswerHeaders {
  const labels = found.map(({ label, score }) => (score === undefined ? label : `${label} ${score}`));
  return {
    'Inpaint-Finder': headerText(finder),
    'Inpaint-Mask-Coverage': String(Number(coverage.toFixed(coverageDigits))),
    ...(labels.length > 0 && { 'Inpaint-Mask-Labels': headerText(shortList(labels)) }),
  };
}

export const warningHeaders = (warnings: readonly string[]): AnswerHeaders =>
  warnings.length === 0 ? {} : { 'Inpaint-Warnings': headerText(warnings.join(' | ')) };

/** Header values are printable ASCII. */
export const headerText = (text: string): string =>
  text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, maxHeaderChars);

/**
 * The name under which a browser saves the picture: that of the upload, with what was done and the new
 * format.
 *
 * @see RFC 6266
 */
export function contentDisposition(
  fileName: string,
  suffix: string,
  kind: 'inline' | 'attachment' = 'inline',
): string {
  const name = safeName(fileName).replace(/\.[^.]*$/, '') + suffix;
  const ascii = name.replaceAll(/[^\x20-\x7e]/gu, '_').replaceAll(/["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
