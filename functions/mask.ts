import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import { EditError } from '../lib/errors.ts';
import type { FindMask, MaskResult } from '../lib/find-mask.ts';
import { parseMaskRequest } from '../lib/requests/mask-request.ts';
import { refuseIdempotency, wantedAnswer } from './accept.ts';
import type { AtOnce } from './at-once.ts';
import { assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, maskHeaders, warningHeaders } from './picture-headers.ts';
import { queryNames, receive, type Source } from './received.ts';

interface MaskFunctionOptions extends HttpSettings {
  readonly findMask: () => Promise<FindMask>;
  readonly maxImageBytes: number;
  readonly atOnce: AtOnce;
}

const shape = { operation: 'mask', files: ['image', 'scribble'] } as const;

/**
 * `POST` a photo and `maskMode`, or a `scribble` instead of it, in one of the ways of `edit` -> the mask as a
 * PNG of the size of the photo as displayed, white = found; with `Accept: application/json` the mask in
 * base64, its labels and scores.
 */
export function maskFunction({
  findMask,
  maxImageBytes,
  atOnce,
  ...settings
}: MaskFunctionOptions): HttpFunction {
  const { maxAnswerBytes } = settings;
  const names = (request: Request) => queryNames(request, shape).filter((name) => name !== 'dryRun');
  return httpFunction({ ...settings, name: 'mask', queryNames: names }, (request, response, signal) =>
    atOnce(async () => {
      refuseIdempotency(request);
      const wanted = wantedAnswer(request, 'picture');
      const { files, fields } = await receive(request, { ...shape, maxFileBytes: maxImageBytes });
      const image = bytesOf(files.get('image'));
      if (image === undefined)
        throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
      const scribble = bytesOf(files.get('scribble'))?.bytes;
      const input = { image: image.bytes, scribble, request: parseMaskRequest(fields) };
      const result = await (await findMask())(input, signal);
      const send =
        wanted === 'json'
          ? maskSender(response, result, maxAnswerBytes)
          : imageSender(response, { result, fileName: image.fileName, maxAnswerBytes });
      return { send, facts: result.report };
    }),
  );
}

function bytesOf(source: Source | undefined) {
  if (source === undefined || source.kind === 'bytes') return source;
  throw new EditError(
    'USE_JOBS',
    'Expected the picture itself, as this function knows no bucket, got an address',
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
