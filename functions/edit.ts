import type { HttpFunction, Response } from '@google-cloud/functions-framework';
import type { Edit, EditOutput, EditResult } from '../lib/edit.ts';
import { EditError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { parseRequestFields } from '../lib/request.ts';
import { httpFunction } from './http.ts';
import { readForm } from './multipart.ts';

interface EditFunctionOptions {
  readonly edit: () => Promise<Edit>;
  readonly maxImageBytes: number;
  readonly deadlineMs: number;
  readonly log: Log;
}

/**
 * `POST` multipart/form-data with the files `image` and `mask` and the fields of a request -> the edited
 * image; with `Accept: application/json` every candidate in base64 and the report.
 */
export function editFunction({ edit, maxImageBytes, deadlineMs, log }: EditFunctionOptions): HttpFunction {
  return httpFunction(
    { name: 'edit', methods: ['POST'], deadlineMs, log },
    async (request, response, signal) => {
      const { files, fields } = await readForm(request, {
        maxFileBytes: maxImageBytes,
        files: ['image', 'mask'],
      });
      const image = files.get('image');
      if (image === undefined)
        throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
      const parsed = parseRequestFields(fields);
      const result = await (await edit())({ image, mask: files.get('mask'), request: parsed }, signal);
      if (request.get('accept')?.includes('application/json')) answerJson(response, result);
      else answerImage(response, result);
      return result.report;
    },
  );
}

function answerImage(response: Response, { outputs, report }: EditResult): void {
  const [best] = outputs;
  if (best === undefined) throw new EditError('INTERNAL', 'Expected at least one output, got none');
  response.set('Inpaint-Engine', report.engine);
  if (report.warnings.length > 0) response.set('Inpaint-Warnings', headerText(report.warnings.join(' | ')));
  response.type(best.mediaType).send(Buffer.from(best.bytes));
}

function answerJson(response: Response, { outputs, report }: EditResult): void {
  const encoded = outputs.map(({ mediaType, bytes }: EditOutput) => ({
    mediaType,
    bytesBase64Encoded: Buffer.from(bytes).toString('base64'),
  }));
  response.json({ outputs: encoded, report });
}

/** Header values are printable ASCII. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 2000);
}
