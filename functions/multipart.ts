import type { Request } from '@google-cloud/functions-framework';
import busboy from 'busboy';
import { EditError, type ErrorCode } from '../lib/errors.ts';
import { maxRequestBytes } from '../lib/requests/edit-request.ts';
import { shortName } from '../lib/requests/schema.ts';

interface FormFile {
  readonly bytes: Uint8Array;
  /** As the caller has it, without folders; may be empty. */
  readonly fileName: string;
}

interface Form {
  readonly files: ReadonlyMap<string, FormFile>;
  readonly fields: ReadonlyMap<string, string>;
}

interface FormLimits {
  readonly maxFileBytes: number;
  /** Names that files may have. */
  readonly files: readonly string[];
}

/**
 * Reads the files and fields of a `multipart/form-data` request. Nothing is streamed: the framework has read
 * the whole body already (`rawBody`).
 *
 * @throws {EditError} `REQUEST_INVALID`, `IMAGE_TOO_LARGE`, `REQUEST_TOO_LARGE`.
 * @see RFC 7578
 */
export async function readForm(request: Request, limits: FormLimits): Promise<Form> {
  const type = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) {
    const got = shortName(type.split(';')[0] ?? '') || 'no content type';
    throw new EditError('REQUEST_INVALID', `Expected multipart/form-data, got ${got}`);
  }
  try {
    return await parse(request, limits);
  } catch (error) {
    if (error instanceof EditError) throw error;
    throw new EditError('REQUEST_INVALID', 'Expected a well-formed multipart/form-data body', {
      cause: error,
    });
  }
}

/** More than there are names for. */
const maxFiles = 8;
const maxFields = 64;
/** A part of a form has about three headers: name, type and charset. */
const maxPartHeaders = 16;

type Refuse = (code: ErrorCode, message: string) => void;

function parse(request: Request, limits: FormLimits): Promise<Form> {
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const refuse: Refuse = (code, message) => reject(new EditError(code, message));
  const parser = busboy({
    headers: request.headers,
    // Browsers send names as UTF-8.
    defParamCharset: 'utf8',
    limits: {
      fileSize: limits.maxFileBytes,
      fieldSize: maxRequestBytes,
      files: maxFiles,
      fields: maxFields,
      headerPairs: maxPartHeaders,
    },
  });
  const files = takeFiles(parser, limits, refuse);
  const fields = takeFields(parser, refuse);
  const refuseMany = () =>
    refuse('REQUEST_INVALID', `Expected at most ${maxFields} fields and ${maxFiles} files, got more`);
  parser.on('filesLimit', refuseMany);
  parser.on('fieldsLimit', refuseMany);
  parser.on('error', reject);
  parser.on('close', () => resolve({ files, fields }));
  parser.end(request.rawBody ?? Buffer.alloc(0));
  // Its files are copies: the body itself need not wait for the end of the edit.
  delete request.rawBody;
  request.body = undefined;
  return promise;
}

function takeFiles(
  parser: busboy.Busboy,
  { maxFileBytes, files: expected }: FormLimits,
  refuse: Refuse,
): ReadonlyMap<string, FormFile> {
  const files = new Map<string, FormFile>();
  const seen = new Set<string>();
  parser.on('file', (name, stream, { filename: fileName = '' }) => {
    if (!expected.includes(name)) {
      const got = JSON.stringify(shortName(name));
      refuse('REQUEST_INVALID', `Expected files named ${expected.join(', ')}, got ${got}`);
    }
    if (seen.has(name)) refuse('REQUEST_INVALID', `Expected one file ${shortName(name)}, got several`);
    seen.add(name);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('limit', () =>
      refuse('IMAGE_TOO_LARGE', `Expected ${shortName(name)} of at most ${maxFileBytes} bytes, got more`),
    );
    // The form ends within the file.
    stream.on('error', () => refuse('REQUEST_INVALID', 'Expected a whole form, got one that was cut off'));
    stream.on('close', () => {
      const bytes = Buffer.concat(chunks);
      // A browser sends an empty file without a name where none was chosen.
      if (bytes.length > 0 || fileName !== '') files.set(name, { bytes, fileName });
    });
  });
  return files;
}

function takeFields(parser: busboy.Busboy, refuse: Refuse): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
    const shown = shortName(name);
    if (nameTruncated) refuse('REQUEST_INVALID', `Expected the name of a field, got ${shown}`);
    if (valueTruncated) {
      refuse('REQUEST_TOO_LARGE', `Expected field ${shown} of at most ${maxRequestBytes} bytes, got more`);
    }
    if (fields.has(name)) refuse('REQUEST_INVALID', `Expected one field ${shown}, got several`);
    fields.set(name, value);
  });
  return fields;
}
