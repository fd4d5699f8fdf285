import type { HttpFunction, Response } from '@google-cloud/functions-framework';
import type { Edit, EditOutput, EditResult } from '../lib/edit.ts';

import { EditError } from '../lib/errors.ts';
import { type EditRequest, parseRequestFields } from '../lib/requests/edit-request.ts';
import type { AtOnce } from './at-once.ts';
import { assertAnswerFits, type HttpSettings, httpFunction, jsonSender } from './http.ts';
import { contentDisposition, editHeaders } from './picture-headers.ts';

interface EditFunctionOptions extends HttpSettings {
  readonly edit: () => Promise<Edit>;
  readonly maxImageBytes: number;
  readonly atOnce: AtOnce;
}

/**
 * `POST` multipart/form-data with the files `image`, `mask` and perhaps `keep`, and the fields of a request
 * -> the edited image; with `Accept: application/json` every candidate in base64, and the report.
 */
export function editFunction({
  edit,
  maxImageBytes,
  atOnce,
  ...settings
}: EditFunctionOptions): HttpFunction {
  const { maxAnswerBytes } = settings;
  return httpFunction({ ...settings, name: 'edit' }, (request, response, signal) =>
    atOnce(async () => {
      const { readForm } = await import('./multipart.ts');
      const limits = { maxFileBytes: maxImageBytes, files: ['image', 'mask', 'keep'] };
      const { files, fields } = await readForm(request, limits);
      const image = files.get('image');
      if (image === undefined)
        throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
      const parsed = parseRequestFields(fields);
      const isJson = request.get('accept')?.includes('application/json') ?? false;
      assertAnswerFits(expectedBytes(image.bytes, parsed, isJson), maxAnswerBytes);
      const isPolarityGiven = fields.has('polarity');
      const mask = files.get('mask')?.bytes;
      const keep = files.get('keep')?.bytes;
      const input = { image: image.bytes, mask, keep, request: parsed, isPolarityGiven };
      const result = await (await edit())(input, signal);
      const send = isJson
        ? candidatesSender(response, result, maxAnswerBytes)
        : imageSender(response, { result, fileName: image.fileName, maxAnswerBytes });
      return { send, facts: result.report };
    }),
  );
}

/**
 * The size of the answer, as far as it is known before a model is asked: a JPEG that stays one keeps its
 * size, about. 0 for other pictures.
 */
function expectedBytes(image: Uint8Array, request: EditRequest, isJson: boolean): number {
  const isJpeg = image[0] === 0xff && image[1] === 0xd8;
  if (!isJpeg || request.outputFormat !== 'same' || request.outputQuality !== undefined) return 0;
  const base64Bytes = Math.ceil(image.length / 3) * 4;
  return isJson ? request.samples * base64Bytes : image.length;
}

interface SentImage {
  readonly result: EditResult;
  readonly fileName: string;
  readonly maxAnswerBytes: number | undefined;
}

function imageSender(response: Response, { result, fileName, maxAnswerBytes }: SentImage): () => void {
  const [best] = result.outputs;
  if (best === undefined) throw new EditError('INTERNAL', 'Expected at least one output, got none');
  assertAnswerFits(best.bytes.length, maxAnswerBytes);
  const disposition = contentDisposition(fileName, `.edited.${best.extension}`);
  const headers = { ...editHeaders(result), 'Content-Disposition': disposition };
  return () => response.set(headers).type(best.mediaType).send(Buffer.from(best.bytes));
}

function candidatesSender(
  response: Response,
  { outputs, mask, report }: EditResult,
  maxAnswerBytes?: number,
): () => void {
  const encoded = ({ mediaType, bytes }: Pick<EditOutput, 'mediaType' | 'bytes'>) => ({
    mediaType,
    bytesBase64Encoded: Buffer.from(bytes).toString('base64'),
  });
  const answer = { outputs: outputs.map(encoded), ...(mask && { mask: encoded(mask) }), report };
  return jsonSender(response, answer, maxAnswerBytes);
}
