import type { HttpFunction, Response } from '@google-cloud/functions-framework';
import { EditError } from '../lib/errors.ts';
import type { FindMask, MaskResult } from '../lib/find-mask.ts';
import { typedFields } from '../lib/requests/edit-request.ts';
import { parseMaskRequest } from '../lib/requests/mask-request.ts';
import type { AtOnce } from './at-once.ts';
import { assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, maskHeaders, warningHeaders } from './picture-headers.ts';

interface MaskFunctionOptions extends HttpSettings {
  readonly findMask: () => Promise<FindMask>;
  readonly maxImageBytes: number;
  readonly atOnce: AtOnce;
}

/**
 * `POST` multipart/form-data with the file `image` and `maskMode`, or with a file `scribble` instead of it ->
 * the mask as a PNG of the size of the photo as displayed, white = found; with `Accept: application/json` the
 * mask in base64, its labels and scores.
 */
export function maskFunction({
  findMask,
  maxImageBytes,
  atOnce,
  ...settings
}: MaskFunctionOptions): HttpFunction {
  const { maxAnswerBytes } = settings;
  return httpFunction({ ...settings, name: 'mask' }, (request, response, signal) =>
    atOnce(async () => {
      const { readForm } = await import('./multipart.ts');
      const limits = { maxFileBytes: maxImageBytes, files: ['image', 'scribble'] };
      const { files, fields } = await readForm(request, limits);
      const image = files.get('image');
      if (image === undefined)
        throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
      const parsed = parseMaskRequest(typedFields(fields));
      const scribble = files.get('scribble')?.bytes;
      const result = await (await findMask())({ image: image.bytes, scribble, request: parsed }, signal);
      const isJson = request.get('accept')?.includes('application/json') ?? false;
      const { report } = result;
      const send = isJson
        ? maskSender(response, result, maxAnswerBytes)
        : imageSender(response, { result, fileName: image.fileName, maxAnswerBytes });
      return { send, facts: report };
    }),
  );
}

function maskSender(response: Response, { mask, report }: MaskResult, maxAnswerBytes?: number): () => void {
  const bytesBase64Encoded = Buffer.from(mask.bytes).toString('base64');
  const encoded = { mediaType: mask.mediaType, bytesBase64Encoded };
  return jsonSender(response, { mask: encoded, report }, maxAnswerBytes);
}

interface SentMask {
  readonly result: MaskResult;
  readonly fileName: string;
  readonly maxAnswerBytes: number | undefined;
}

function imageSender(response: Response, { result, fileName, maxAnswerBytes }: SentMask): () => void {
  const { mask, report, costEstimateUsd } = result;
  assertAnswerFits(mask.bytes.length, maxAnswerBytes);
  const headers = {
    ...maskHeaders(report.mask, report.maskCoverage),
    ...(costEstimateUsd !== undefined && { 'Inpaint-Cost-Usd': String(Number(costEstimateUsd.toFixed(6))) }),
    ...warningHeaders(report.warnings),
    'Content-Disposition': contentDisposition(fileName, '.mask.png'),
  };
  return () => response.set(headers).type(mask.mediaType).send(Buffer.from(mask.bytes));
}
