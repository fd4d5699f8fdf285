import type { HttpFunction, Response } from '@google-cloud/functions-framework';
import type { Edit, EditOutput, EditResult } from '../lib/edit.ts';
import { EditError } from '../lib/errors.ts';
import { parseRequestFields } from '../lib/request.ts';
import { httpFunction, type Rim } from './http.ts';

interface EditFunctionOptions extends Rim {
  readonly edit: () => Promise<Edit>;
  readonly maxImageBytes: number;
}

/**
 * `POST` multipart/form-data with the files `image` and `mask` and the fields of a request -> the edited
 * image; with `Accept: application/json` every candidate in base64 and the report.
 */
export function editFunction({ edit, maxImageBytes, ...rim }: EditFunctionOptions): HttpFunction {
  return httpFunction({ ...rim, name: 'edit', methods: ['POST'] }, async (request, response, signal) => {
    const { readForm } = await import('./multipart.ts');
    const { files, fields } = await readForm(request, {
      maxFileBytes: maxImageBytes,
      files: ['image', 'mask'],
    });
    const image = files.get('image');
    if (image === undefined) throw new EditError('REQUEST_INVALID', 'Expected a file named image, got none');
    const parsed = parseRequestFields(fields);
    const result = await (await edit())({ image, mask: files.get('mask'), request: parsed }, signal);
    const answer = request.get('accept')?.includes('application/json') ? answerJson : answerImage;
    return { send: () => answer(response, result), facts: result.report };
  });
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
